import { z } from 'zod'
import type { Task } from '#lib/data/notebook/tasks.ts'
import { AppError } from '#lib/platform/errors.ts'
import { moment, title } from '#mcp/fields/fields.ts'
import { toLocalTime } from '#mcp/fields/local-time.ts'

export const taskTitle = title(500).describe('What is to be done, in a few words.')

export const dueInput = z
  .string()
  .max(40)
  .describe(
    'When it is due on the person\'s own clock: a day ("2026-11-27") or a time ("2026-11-27T15:00"). A time with an offset is converted.',
  )

/** A task as every tool returns it. */
export const taskOutput = z.object({
  number: z.int().describe('Identifies the task to people and tools. It never changes and is never reused.'),
  title: z.string(),
  due: z
    .string()
    .nullable()
    .describe('A day ("2026-11-27") or a time ("2026-11-27T15:00") on the person\'s own clock, or null.'),
  done: z.boolean(),
  completed_at: moment.nullable(),
  created_at: moment,
})

export function toTaskOutput(
  { number, title, due, completedAt, createdAt }: Task,
  timeZone: string,
): z.input<typeof taskOutput> {
  return {
    number,
    title,
    due,
    done: completedAt !== null,
    completed_at: completedAt && toLocalTime(completedAt, timeZone),
    created_at: toLocalTime(createdAt, timeZone),
  }
}

/** The error for an unknown task. A number that belongs to someone else gets the same sentence. */
export function taskNotFound(number: number): AppError {
  return new AppError('not_found', `No task has number ${number}; call list_tasks to see which there are.`)
}
