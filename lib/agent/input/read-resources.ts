import {
  findKeptResource,
  type KeptResource,
  listResourceTags,
  RESOURCES_MAX,
  type ResourceTag,
} from '#lib/agent/input/message-offers.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { HiddenContextItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { Turn } from '#lib/chatkit/server/turn.ts'
import { storeResultFile } from '#lib/data/attachments/result-file.ts'
import type { Asker } from '#lib/mcp-client/offers/ask-server.ts'
import { readResource } from '#lib/mcp-client/offers/read-resource.ts'
import { toAppError } from '#lib/platform/errors.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'
import { toVisibleText } from '#lib/platform/text/visible-text.ts'

/** How much text (characters) the resources of one message have together. */
const MESSAGE_MAX_CHARS = 100_000
const NAME_MAX_CHARS = 80
/** How many items of a thread may follow its last message, if that has not been answered. */
const LATEST = 20

/**
 * Reads the resources that a message attaches: at most five, as this person, when the message is
 * answered for the first time. Each is kept in the thread as a hidden item, so that later turns read
 * the same text. A resource that cannot be read is named in a notice, and the answer goes on.
 */
export async function* readResources(
  { input, thread, store, signal }: Turn,
  { caller, run, builtinFetch }: TurnContext,
): AsyncGenerator<ThreadStreamEvent> {
  const tags = input ? listResourceTags(input) : []
  if (!input || tags.length === 0 || (await hasKept(store, input))) return
  const asker = { caller, run, signal, ...(builtinFetch && { builtinFetch }) }
  const read = await Promise.all(
    tags.map(async (tag, at): Promise<KeptResource> => {
      const kept = { kind: 'resource' as const, message_id: input.id, ...tag }
      if (at >= RESOURCES_MAX) return { ...kept, problem: `Only ${RESOURCES_MAX} resources of a message are read.` }
      try {
        return { ...kept, ...(await readTag(asker, thread.id, tag)) }
      } catch (error) {
        return { ...kept, problem: toAppError(error).message }
      }
    }),
  )
  if (signal.aborted) return
  let room = MESSAGE_MAX_CHARS
  for (const resource of read) {
    const content = withinRoom(resource, room)
    room -= content.text?.length ?? 0
    const item: HiddenContextItem = {
      ...{ id: store.newItemId('message'), thread_id: thread.id, created_at: new Date().toISOString() },
      ...{ type: 'hidden_context_item', content },
    }
    yield { type: 'thread.item.done', item }
    if (content.problem !== undefined) yield toNotice(content, content.problem)
  }
}

/** Reads a resource. A picture or PDF becomes a file of the thread, like one of a tool's result. */
async function readTag(
  asker: Asker,
  threadId: string,
  { server, uri, name }: ResourceTag,
): Promise<Partial<KeptResource>> {
  const { text, chars, file, sources } = await readResource(asker, { server, uri })
  const more = sources.length > 0 ? { sources } : {}
  if (!file) return { text, chars, ...more }
  const bytes = Buffer.from(file.data, 'base64')
  const origin = { server, tool: 'resources/read' }
  return {
    file: await storeResultFile(asker.caller, threadId, { name, mimeType: file.mimeType, bytes, origin }),
    ...more,
  }
}

/** True if an earlier attempt at this message has read its resources. */
async function hasKept(store: Turn['store'], { id, thread_id }: UserMessageItem): Promise<boolean> {
  const { data } = await store.listItems(thread_id, { limit: LATEST, order: 'desc' })
  return data.some((item) => findKeptResource(item)?.message_id === id)
}

function withinRoom(resource: KeptResource, room: number): KeptResource {
  const { text } = resource
  if (text === undefined || text.length <= room) return resource
  return { ...resource, text: cutText(text, room) }
}

function toNotice({ name, server }: ResourceTag, problem: string): ThreadStreamEvent {
  const shown = toVisibleText(cutText(name, NAME_MAX_CHARS))
  return {
    type: 'notice',
    level: 'warning',
    title: `“${shown}” of ${toVisibleText(server)} was not read`,
    message: problem,
  }
}
