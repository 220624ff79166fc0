import { z } from 'zod'
import { searchNotes } from '#lib/data/notebook/notes.ts'
import { defineTool } from '#mcp/define-tool.ts'
import { cursor, limit, line, moment, nextCursor } from '#mcp/fields/fields.ts'
import { toLocalTime } from '#mcp/fields/local-time.ts'

export const searchNotesTool = defineTool({
  name: 'search_notes',
  title: 'Search notes',
  description:
    "Searches the person's notes, best match first; without a query, lists the newest. Returns extracts; call get_note for the full text.",
  access: 'read',
  scope: 'notes:read',
  input: z.object({
    query: line(500)
      .describe(
        'Words that the note must contain, all of them. "quoted words" match as a phrase, or matches either side, -word excludes.',
      )
      .optional(),
    limit: limit(20, 10),
    cursor,
  }),
  output: z.object({
    notes: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        snippet: z.string().describe('An extract on one line, with the matches between **.'),
        updated_at: moment,
      }),
    ),
    next_cursor: nextCursor,
  }),
  run: async ({ query, limit, cursor }, { caller, timeZone, noteSources }) => {
    const page = await searchNotes(caller, { query, limit, after: cursor })
    for (const { sources } of page.data) noteSources(sources)
    const notes = page.data.map(({ id, title, snippet, updatedAt }) => ({
      id,
      title,
      snippet,
      updated_at: toLocalTime(updatedAt, timeZone),
    }))
    return { notes, next_cursor: page.after }
  },
})
