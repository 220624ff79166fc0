import { z } from 'zod'
import { deleteTask } from '#lib/data/notebook/tasks.ts'
import { defineTool } from '#mcp/define-tool.ts'
import { taskNumber } from '#mcp/fields/fields.ts'
import { taskNotFound } from '#mcp/fields/task-fields.ts'

export const deleteTaskTool = defineTool({
  name: 'delete_task',
  title: 'Delete a task',
  description:
    'Deletes a task permanently. Use it only if the person asks to delete it; for a task that is done, use complete_task.',
  access: 'destructive',
  idempotent: true,
  scope: 'tasks:write',
  input: z.object({ number: taskNumber }),
  output: z.object({ deleted: z.object({ number: z.int(), title: z.string() }) }),
  run: async ({ number }, { caller, noteSources }) => {
    const task = await deleteTask(caller, number)
    if (!task) throw taskNotFound(number)
    noteSources(task.sources)
    return { deleted: { number, title: task.title } }
  },
})
