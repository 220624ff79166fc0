import { z } from 'zod'

// PostgreSQL cannot store NUL, and no caller means to send one.
const withoutNul = (text: string) => text.replaceAll('\0', '')

/** Text of several lines, kept as it is except for NUL. */
export const text = (max: number) => z.string().max(max).overwrite(withoutNul)

/** Text of one line: runs of white space become one space. */
export const line = (max: number) => text(max).overwrite((value) => value.replace(/\s+/g, ' ').trim())

/** A line that must not be empty. */
export const title = (max: number) => line(max).min(1)

export const taskNumber = z.int32().min(1).describe('The number of the task, as list_tasks shows it.')

export const noteId = line(64).min(1).describe('The id of the note, as search_notes shows it.')

export const cursor = line(200).describe('next_cursor of the page before. Leave out for the first page.').optional()

export const limit = (most: number, usual: number) =>
  z.int32().min(1).max(most).default(usual).describe(`How many to return at most, 1 to ${most}.`)

export const nextCursor = z
  .string()
  .optional()
  .describe('Present if there are more: pass it as cursor to get the next page.')

/** A day in an argument. The pattern is short because models read it. */
export const day = z.string().regex(/^\d{4}-\d\d-\d\d$/, 'Write a day as 2026-11-27')

/** A moment in a result. */
export const moment = z.string().describe("ISO 8601 with the offset of the person's time zone.")
