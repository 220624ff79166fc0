import { type CompleteRequestParams, type CompleteResult, ResourceNotFoundError } from '@modelcontextprotocol/server'
import { hasScope } from '#lib/auth/tokens/scopes.ts'
import { suggestNotes } from '#lib/data/notebook/notes.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { findPromptScope, suggestArgument } from '#mcp/offers/prompts.ts'
import { NOTE_TEMPLATE, READ_SCOPE } from '#mcp/offers/resources.ts'

/**
 * Completes what the person has typed so far: arguments of prompts, and the id of a note by its id
 * or title. A token that may not read notes gets no suggestions. Throws ProtocolError for an
 * unknown prompt or template.
 */
export async function complete(caller: Caller, { ref, argument }: CompleteRequestParams): Promise<CompleteResult> {
  return { completion: { values: await valuesOf(caller, ref, argument) } }
}

async function valuesOf(
  caller: Caller,
  ref: CompleteRequestParams['ref'],
  { name, value }: { name: string; value: string },
): Promise<string[]> {
  const scope = ref.type === 'ref/prompt' ? findPromptScope(ref.name) : READ_SCOPE
  if (scope && !hasScope(caller, scope)) return []
  if (ref.type === 'ref/prompt') return suggestArgument(caller, ref.name, name, value)
  if (ref.uri !== NOTE_TEMPLATE) throw new ResourceNotFoundError(ref.uri.slice(0, 200))
  if (name !== 'id') return []
  return (await suggestNotes(caller, value)).map((note) => note.id)
}
