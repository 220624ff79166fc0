import { z } from 'zod'
import { listTasks } from '#lib/data/notebook/tasks.ts'
import { defineTool } from '#mcp/define-tool.ts'
import { cursor, day, limit, line, nextCursor, taskNumber } from '#mcp/fields/fields.ts'
import { taskOutput, toTaskOutput } from '#mcp/fields/task-fields.ts'
import { toTaskList } from '#mcp/fields/task-widgets.ts'

export const listTasksTool = defineTool({
  name: 'list_tasks',
  title: 'List tasks',
  description:
    "Lists the person's tasks with their numbers: open ones by due date (those without one last), completed ones newest first. Call it before changing a task whose number is not known.",
  access: 'read',
  scope: 'tasks:read',
  input: z.object({
    status: z.enum(['open', 'done', 'all']).default('open').describe('Which tasks: open (the default), done or all.'),
    due_from: day.describe('Only tasks due on this day or later ("2026-11-27").').optional(),
    due_to: day.describe('Only tasks due on this day or earlier ("2026-11-27").').optional(),
    text: line(200)
      .describe('Only tasks whose title contains this text, or all of these words. Ignores case and accents.')
      .optional(),
    number: taskNumber.describe('Only the task with this number, open or done.').optional(),
    limit: limit(100, 50),
    cursor,
  }),
  output: z.object({ tasks: z.array(taskOutput), next_cursor: nextCursor }),
  widget: toTaskList,
  run: async ({ due_from, due_to, cursor, ...filter }, { caller, timeZone, noteSources }) => {
    const page = await listTasks(caller, { ...filter, dueFrom: due_from, dueTo: due_to, after: cursor })
    for (const { sources } of page.data) noteSources(sources)
    return { tasks: page.data.map((task) => toTaskOutput(task, timeZone)), next_cursor: page.after }
  },
})
