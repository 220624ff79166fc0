import { z } from 'zod'
import { createNote, updateNote } from '#lib/data/notebook/notes.ts'
import { AppError } from '#lib/platform/errors.ts'
import { defineTool } from '#mcp/define-tool.ts'
import { noteId, text, title } from '#mcp/fields/fields.ts'
import { noteNotFound, noteOutput, toNoteOutput } from '#mcp/fields/note-fields.ts'

const LEAD_CHARS = 80

export const saveNoteTool = defineTool({
  name: 'save_note',
  title: 'Save a note',
  description:
    'Creates a note, or with an id replaces the title or text of that note. To add to a note, read it with get_note and save the full new text.',
  access: 'write',
  scope: 'notes:write',
  input: z.object({
    id: noteId.describe('The id of the note to change, as search_notes shows it. Omit it to create a note.').optional(),
    title: title(200)
      .describe('A few words to find it by. A new note without a title gets the first line of its text.')
      .optional(),
    body: text(100_000)
      .describe('The full text, plain or Markdown. It replaces the text of an existing note.')
      .optional(),
  }),
  output: noteOutput,
  run: async ({ id, title, body }, { caller, timeZone, sources, noteSources }) => {
    const nothing = new AppError('bad_request', 'Nothing to save: give a title or a body.')
    if (!id) {
      if (!title && !body?.trim()) throw nothing
      return toNoteOutput(
        await createNote(caller, { title: title ?? leadOf(body), body: body ?? '', sources }),
        timeZone,
      )
    }
    if (title === undefined && body === undefined) throw nothing
    const note = await updateNote(caller, id, { title, body, sources })
    if (!note) throw noteNotFound(id)
    noteSources(note.sources)
    return toNoteOutput(note, timeZone)
  },
})

function leadOf(body = ''): string {
  const lead = body.trim().split('\n', 1)[0]?.trim() ?? ''
  return lead.length <= LEAD_CHARS ? lead : `${lead.slice(0, LEAD_CHARS - 1).trimEnd()}…`
}
