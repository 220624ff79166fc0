import { type ListResourcesResult, type ReadResourceResult, ResourceNotFoundError } from '@modelcontextprotocol/server'
import { hasScope } from '#lib/auth/tokens/scopes.ts'
import { findNote, searchNotes } from '#lib/data/notebook/notes.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'

const PAGE = 50
const MIME = 'text/markdown'
const URI = /^note:\/\/([\w-]{1,64})$/

/** What reading a resource takes. */
export const READ_SCOPE = 'notes:read'

/** The address that a client completes with the id of a note. */
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

/** The address of a note. */
export function uriOf(noteId: string): string {
  return `note://${noteId}`
}

/** The notes, 50 a page, newest first. A token that may not read notes sees none: clients list when they connect, which must not fail. */
export async function listResources(caller: Caller, cursor: string | undefined): Promise<ListResourcesResult> {
  if (!hasScope(caller, READ_SCOPE)) return { resources: [] }
  const page = await searchNotes(caller, { limit: PAGE, after: cursor })
  const resources = page.data.map(({ id, title, snippet, updatedAt }) => ({
    uri: uriOf(id),
    name: title,
    title,
    description: snippet,
    mimeType: MIME,
    annotations: { lastModified: updatedAt.toISOString() },
  }))
  return { resources, nextCursor: page.after }
}

/** The text of a note. Throws ResourceNotFoundError for what is not there and for what is somebody else's. */
export async function readResource(caller: Caller, uri: string): Promise<ReadResourceResult> {
  const id = URI.exec(uri)?.[1]
  const note = id ? await findNote(caller, id) : null
  if (!note) throw new ResourceNotFoundError(uri.slice(0, 200))
  return { contents: [{ uri, mimeType: MIME, text: note.body }] }
}
