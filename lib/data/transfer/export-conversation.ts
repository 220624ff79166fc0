import type { AssistantMessageItem, Source, ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { readConversation } from '#lib/data/transfer/read-conversation.ts'

/** What the JSON file says of itself, so that an import knows it. */
const FORMAT = 'switchboard.conversation'

/** A message as an exported file has it. Times are ISO 8601 in UTC. */
export type ExportedMessage = {
  role: 'user' | 'assistant'
  text: string
  created_at: string
  attachments?: { name: string; mime_type: string }[]
  sources?: { title: string; url?: string }[]
}

type Export = { thread: Thread; pieces: AsyncGenerator<string> }

/**
 * A conversation of the caller as pieces of one Markdown or JSON document: what the person and the
 * assistant wrote, with the names of files and sources. No work of tools. The reading fails with too_large beyond
 * 10,000 items. Throws not_found.
 */
export async function exportConversation(
  caller: { userId: string },
  threadId: string,
  format: 'markdown' | 'json',
): Promise<Export> {
  const store = createPrismaStore(caller)
  const thread = await store.loadThread(threadId)
  const messages = listMessages(readConversation(store, thread.id))
  return { thread, pieces: format === 'json' ? writeJson(thread, messages) : writeMarkdown(thread, messages) }
}

async function* listMessages(items: AsyncIterable<ThreadItem>): AsyncGenerator<ExportedMessage> {
  for await (const item of items) {
    if (item.type === 'user_message') yield fromUser(item)
    if (item.type === 'assistant_message') yield fromAssistant(item)
  }
}

function fromUser({ content, quoted_text, attachments, created_at }: UserMessageItem): ExportedMessage {
  const written = content.map((part) => (part.type === 'input_text' ? part.text : `@${part.text}`)).join('')
  const quote = quoted_text?.replace(/^/gm, '> ')
  const files = attachments.map(({ name, mime_type }) => ({ name, mime_type }))
  const text = [quote, written].filter((part) => part !== undefined).join('\n\n')
  return { role: 'user', text, created_at, ...(files.length > 0 && { attachments: files }) }
}

function fromAssistant({ content, created_at }: AssistantMessageItem): ExportedMessage {
  const sources = new Map(
    content.flatMap(({ annotations }) => annotations.map(({ source }) => [keyOf(source), source])),
  )
  const listed = [...sources.values()].map((source) => ({
    title: source.title,
    ...(source.type === 'url' && { url: source.url }),
  }))
  const text = content.map((part) => part.text).join('\n\n')
  return { role: 'assistant', text, created_at, ...(listed.length > 0 && { sources: listed }) }
}

function keyOf(source: Source): string {
  return source.type === 'url' ? source.url : source.title
}

async function* writeJson({ title, created_at }: Thread, messages: AsyncIterable<ExportedMessage>) {
  const head = { format: FORMAT, version: 1, ...(title !== undefined && { title }), created_at }
  yield `${JSON.stringify({ ...head, exported_at: new Date() }, null, 1).slice(0, -2)},\n "messages": [`
  let isFirst = true
  for await (const message of messages) {
    yield `${isFirst ? '' : ','}\n${JSON.stringify(message)}`
    isFirst = false
  }
  yield '\n]}\n'
}

async function* writeMarkdown({ title, created_at }: Thread, messages: AsyncIterable<ExportedMessage>) {
  yield `# ${(title ?? 'Conversation').replace(/\s+/g, ' ')}\n\n${toTime(created_at)}\n`
  for await (const { role, text, created_at: at, attachments = [], sources = [] } of messages) {
    yield `\n## ${role === 'user' ? 'You' : 'Assistant'} · ${toTime(at)}\n\n${text.trimEnd()}\n`
    if (attachments.length > 0) yield `\n${attachments.map(({ name }) => `- File: ${name}`).join('\n')}\n`
    if (sources.length > 0)
      yield `\nSources:\n\n${sources.map((source, at) => `${at + 1}. ${toLink(source)}`).join('\n')}\n`
  }
}

function toTime(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ').concat(' UTC')
}

function toLink({ title, url }: { title: string; url?: string }): string {
  const name = title.replace(/[[\]\\]/g, '\\$&').replace(/\s+/g, ' ')
  return url === undefined ? name : `[${name}](<${url.replace(/[<>\n\\]/g, encodeURIComponent)}>)`
}
