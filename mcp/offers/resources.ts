import { type ListResourcesResult, type ReadResourceResult, ResourceNotFoundError } from '@modelcontextprotocol/server'
import { hasScope } from '#lib/auth/tokens/scopes.ts'
import { findNote, searchNotes } from '#lib/data/notebook/notes.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { toSourcesMeta } from '#mcp/sources-meta.ts'

const PAGE = 50
const MIME = 'text/markdown'
const URI = /^note:\/\/([\w-]{1,64})$/

/** The scope for reading a resource. */
export const READ_SCOPE = 'notes:read'

/** The URI template that a client completes with a note's id. */
export const NOTE_TEMPLATE = 'note://{id}'

export const TEMPLATES = {
  resourceTemplates: [
    {
      uriTemplate: NOTE_TEMPLATE,
      name: 'note',
      title: 'Note',
      description: "One of the person's notes, by its id as search_notes shows it.",
      mimeType: MIME,
    },
  ],
}

/** The URI of a note. */
export function toNoteUri(noteId: string): string {
  return `note://${noteId}`
}

/**
 * Lists the notes, 50 a page, newest first. A token that may not read notes gets an empty list:
 * clients list resources when they connect, and that must not fail.
 */
export async function listResources(caller: Caller, cursor: string | undefined): Promise<ListResourcesResult> {
  if (!hasScope(caller, READ_SCOPE)) return { resources: [] }
  const page = await searchNotes(caller, { limit: PAGE, after: cursor })
  const resources = page.data.map(({ id, title, snippet, updatedAt }) => ({
    uri: toNoteUri(id),
    name: title,
    title,
    description: snippet,
    mimeType: MIME,
    annotations: { lastModified: updatedAt.toISOString() },
  }))
  return { resources, nextCursor: page.after }
}

/**
 * Returns the text of a note. Throws ResourceNotFoundError if it does not exist or belongs to
 * someone else.
 */
export async function readResource(caller: Caller, uri: string): Promise<ReadResourceResult> {
  const id = URI.exec(uri)?.[1]
  const note = id ? await findNote(caller, id) : null
  if (!note) throw new ResourceNotFoundError(uri.slice(0, 200))
  return { contents: [{ uri, mimeType: MIME, text: note.body }], ...toSourcesMeta(caller, note.sources) }
}
