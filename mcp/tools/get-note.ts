import { z } from 'zod'
import { findNote } from '#lib/data/notebook/notes.ts'
import { defineTool } from '#mcp/define-tool.ts'
import { noteId } from '#mcp/fields/fields.ts'
import { noteNotFound, noteOutput, toNoteOutput } from '#mcp/fields/note-fields.ts'

export const getNoteTool = defineTool({
  name: 'get_note',
  title: 'Read a note',
  description: 'Returns the full text of a note. Get its id from search_notes.',
  access: 'read',
  scope: 'notes:read',
  input: z.object({ id: noteId }),
  output: noteOutput.extend({ body: z.string() }),
  run: async ({ id }, { caller, timeZone, noteSources }) => {
    const note = await findNote(caller, id)
    if (!note) throw noteNotFound(id)
    noteSources(note.sources)
    return { ...toNoteOutput(note, timeZone), body: note.body }
  },
})
