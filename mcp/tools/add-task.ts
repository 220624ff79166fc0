import { z } from 'zod'
import { addTask } from '#lib/data/notebook/tasks.ts'
import { defineTool } from '#mcp/define-tool.ts'
import { toWallClock } from '#mcp/fields/local-time.ts'
import { dueInput, taskOutput, taskTitle, toTaskOutput } from '#mcp/fields/task-fields.ts'

export const addTaskTool = defineTool({
  name: 'add_task',
  title: 'Add a task',
  description:
    'Adds a task or reminder to the person\'s list and returns its number. Resolve days such as "tomorrow" to a date first.',
  access: 'write',
  scope: 'tasks:write',
  input: z.object({ title: taskTitle, due: dueInput.optional() }),
  output: taskOutput,
  run: async ({ title, due }, { caller, timeZone, sources }) =>
    toTaskOutput(
      await addTask(caller, { title, due: due === undefined ? null : toWallClock(due, timeZone), sources }),
      timeZone,
    ),
})
