import { z } from 'zod'
import type { Note } from '#lib/data/notebook/notes.ts'
import { AppError } from '#lib/platform/errors.ts'
import { moment } from '#mcp/fields/fields.ts'
import { toLocalTime } from '#mcp/fields/local-time.ts'

/** A note without its text, as lists and changes return it. */
export const noteOutput = z.object({ id: z.string(), title: z.string(), created_at: moment, updated_at: moment })

export function toNoteOutput({ id, title, createdAt, updatedAt }: Note, timeZone: string): z.input<typeof noteOutput> {
  return { id, title, created_at: toLocalTime(createdAt, timeZone), updated_at: toLocalTime(updatedAt, timeZone) }
}

/** The error for an unknown note. An id that belongs to someone else gets the same sentence. */
export function noteNotFound(id: string): AppError {
  return new AppError('not_found', `No note has the id "${id}"; call search_notes to find it.`)
}
