import { z } from 'zod'
import { updateTask } from '#lib/data/notebook/tasks.ts'
import { defineTool } from '#mcp/define-tool.ts'
import { taskNumber } from '#mcp/fields/fields.ts'
import { taskNotFound, taskOutput, toTaskOutput } from '#mcp/fields/task-fields.ts'
import { toTaskRow } from '#mcp/fields/task-widgets.ts'

export const completeTaskTool = defineTool({
  name: 'complete_task',
  title: 'Complete a task',
  description:
    'Marks a task as done. Repeating it changes nothing. To reopen a task, call update_task with done: false.',
  access: 'write',
  idempotent: true,
  scope: 'tasks:write',
  input: z.object({ number: taskNumber }),
  output: taskOutput,
  widget: toTaskRow,
  run: async ({ number }, { caller, timeZone, noteSources }) => {
    const task = await updateTask(caller, number, { done: true })
    if (!task) throw taskNotFound(number)
    noteSources(task.sources)
    return toTaskOutput(task, timeZone)
  },
})
