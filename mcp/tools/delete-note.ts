import { z } from 'zod'
import { deleteNote } from '#lib/data/notebook/notes.ts'
import { defineTool } from '#mcp/define-tool.ts'
import { noteId } from '#mcp/fields/fields.ts'
import { noteNotFound } from '#mcp/fields/note-fields.ts'

export const deleteNoteTool = defineTool({
  name: 'delete_note',
  title: 'Delete a note',
  description: 'Deletes a note permanently. Use it only if the person asks to delete it.',
  access: 'destructive',
  idempotent: true,
  scope: 'notes:write',
  input: z.object({ id: noteId }),
  output: z.object({ deleted: z.object({ id: z.string(), title: z.string() }) }),
  run: async ({ id }, { caller, noteSources }) => {
    const note = await deleteNote(caller, id)
    if (!note) throw noteNotFound(id)
    noteSources(note.sources)
    return { deleted: { id, title: note.title } }
  },
})
