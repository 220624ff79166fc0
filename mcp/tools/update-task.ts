import { z } from 'zod'
import { updateTask } from '#lib/data/notebook/tasks.ts'
import { AppError } from '#lib/platform/errors.ts'
import { defineTool } from '#mcp/define-tool.ts'
import { taskNumber } from '#mcp/fields/fields.ts'
import { toWallClock } from '#mcp/fields/local-time.ts'
import { dueInput, taskNotFound, taskOutput, taskTitle, toTaskOutput } from '#mcp/fields/task-fields.ts'
import { toTaskRow } from '#mcp/fields/task-widgets.ts'

export const updateTaskTool = defineTool({
  name: 'update_task',
  title: 'Change a task',
  description: 'Changes the title or due date of a task, or reopens a completed one. Pass only what changes.',
  access: 'write',
  idempotent: true,
  scope: 'tasks:write',
  input: z.object({
    number: taskNumber,
    title: taskTitle.optional(),
    due: dueInput
      .nullable()
      .describe('The new due date, written as for add_task. null removes the due date.')
      .optional(),
    done: z.boolean().describe('false opens a completed task again; true completes it.').optional(),
  }),
  output: taskOutput,
  widget: toTaskRow,
  run: async ({ number, title, due, done }, { caller, timeZone, sources, noteSources }) => {
    if (title === undefined && due === undefined && done === undefined)
      throw new AppError('bad_request', 'Nothing to change: give title, due or done.')
    const changed = { title, due: due ? toWallClock(due, timeZone) : due, done }
    // Only a title can hold words.
    const task = await updateTask(caller, number, { ...changed, ...(title !== undefined && { sources }) })
    if (!task) throw taskNotFound(number)
    noteSources(task.sources)
    return toTaskOutput(task, timeZone)
  },
})
