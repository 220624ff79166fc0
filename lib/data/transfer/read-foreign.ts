import { z } from 'zod'

/** A message of another program's export. `at` is when it was written, if that is known (ms). */
export type ForeignMessage = { role: 'user' | 'assistant'; text: string; at?: number }

/** A conversation as it is in another program's export: the path that was shown last. */
export type ForeignEntry = { program: string; id?: string; title?: string; at?: number; messages: ForeignMessage[] }

// What is not named here is never read: tools, hidden context, system messages, pictures and files.

const Text = z.string()
const Id = z.string().max(500)

const ChatGptMessage = z.object({
  author: z.object({ role: z.string() }),
  create_time: z.number().nullish().catch(null),
  content: z.object({ content_type: z.string(), parts: z.array(z.unknown()).nullish() }),
  recipient: z.string().nullish(),
  channel: z.string().nullish(),
  metadata: z
    .object({ is_visually_hidden_from_conversation: z.boolean().nullish().catch(null) })
    .nullish()
    .catch(null),
})

const ChatGpt = z.object({
  title: Text.nullish().catch(null),
  id: Id.nullish().catch(null),
  conversation_id: Id.nullish().catch(null),
  create_time: z.number().nullish().catch(null),
  current_node: Id.nullish().catch(null),
  mapping: z.record(z.string(), z.object({ parent: Id.nullish().catch(null), message: z.unknown() })),
})

const LibreChatMessage = z.object({
  messageId: Id,
  parentMessageId: Id.nullish().catch(null),
  isCreatedByUser: z.boolean(),
  text: Text.nullish().catch(null),
  content: z.array(z.unknown()).nullish().catch(null),
  createdAt: z.string().nullish().catch(null),
  error: z.boolean().nullish().catch(null),
})

const LibreChat = z.object({
  conversationId: Id,
  title: Text.nullish().catch(null),
  exportAt: z.string().nullish().catch(null),
  messages: z.array(z.unknown()),
})

const Own = z.object({
  format: z.literal('switchboard.conversation'),
  title: Text.optional(),
  created_at: z.string().optional(),
  messages: z.array(z.object({ role: z.enum(['user', 'assistant']), text: Text, created_at: z.string().optional() })),
})

/** Reads one conversation of an export of ChatGPT, LibreChat or Switchboard; null for anything else. */
export function readForeign(value: unknown): ForeignEntry | null {
  const chatGpt = ChatGpt.safeParse(value)
  if (chatGpt.success) return fromChatGpt(chatGpt.data)
  const libreChat = LibreChat.safeParse(value)
  if (libreChat.success) return fromLibreChat(libreChat.data)
  const own = Own.safeParse(value)
  return own.success ? fromOwn(own.data) : null
}

function fromChatGpt({
  mapping,
  current_node,
  create_time,
  title,
  id,
  conversation_id,
}: z.output<typeof ChatGpt>): ForeignEntry {
  const nodes = new Map(Object.entries(mapping))
  const last = current_node != null && nodes.has(current_node) ? current_node : [...nodes.keys()].at(-1)
  const path = walkUp(last, (key) => nodes.get(key))
  return {
    ...about('ChatGPT', conversation_id ?? id, title, create_time),
    messages: path.flatMap(({ message }) => readChatGptMessage(message)),
  }
}

function readChatGptMessage(value: unknown): ForeignMessage[] {
  const { data: message } = ChatGptMessage.safeParse(value)
  if (!message) return []
  const { author, content, recipient, channel, metadata, create_time: at } = message
  const { role } = author
  if (role !== 'user' && role !== 'assistant') return []
  // An assistant's message to a tool is a call.
  if ((recipient ?? 'all') !== 'all' || (channel ?? 'final') !== 'final') return []
  if (metadata?.is_visually_hidden_from_conversation === true) return []
  if (content.content_type !== 'text' && content.content_type !== 'multimodal_text') return []
  const text = (content.parts ?? []).filter((part) => typeof part === 'string').join('\n')
  return toMessage(role, withoutMarks(text), at == null ? undefined : at * 1000)
}

/** Leaves out the signs with which ChatGPT marks its own citations: they lead nowhere. */
function withoutMarks(text: string): string {
  return text
    .replace(/\ue200[^\ue200\ue201]{0,2000}\ue201/g, '')
    .replace(/【\d[^【】\n]{0,200}†[^【】\n]{0,200}】/g, '')
}

function fromLibreChat({ conversationId, title, exportAt, messages }: z.output<typeof LibreChat>): ForeignEntry {
  const found = listLibreChat(messages)
  const byId = new Map(found.map((message) => [message.messageId, { ...message, parent: message.parentMessageId }]))
  const path = walkUp(found.at(-1)?.messageId, (key) => byId.get(key))
  // A list without links is in order.
  const ordered =
    path.length === 1 && found.every(({ parentMessageId }) => !byId.has(parentMessageId ?? '')) ? found : path
  return {
    ...about('LibreChat', conversationId, title, toSeconds(exportAt)),
    messages: ordered.flatMap((message) =>
      message.error === true
        ? []
        : toMessage(message.isCreatedByUser ? 'user' : 'assistant', textOf(message), toMs(message.createdAt)),
    ),
  }
}

/** All messages, of a list or of a tree whose `children` are lists. */
function listLibreChat(roots: unknown[]): z.output<typeof LibreChatMessage>[] {
  const found: z.output<typeof LibreChatMessage>[] = []
  const waiting = [...roots].reverse()
  while (waiting.length > 0) {
    const value = waiting.pop()
    const { data } = LibreChatMessage.safeParse(value)
    if (data) found.push(data)
    const children = (value as { children?: unknown } | null)?.children
    if (Array.isArray(children)) for (const child of children.toReversed()) waiting.push(child)
  }
  return found
}

const TextPart = z.object({ type: z.literal('text'), text: z.union([Text, z.object({ value: Text })]) })

function textOf({ text, content }: z.output<typeof LibreChatMessage>): string {
  if (text) return text
  return (content ?? [])
    .flatMap((part) => {
      const { data } = TextPart.safeParse(part)
      return data ? [typeof data.text === 'string' ? data.text : data.text.value] : []
    })
    .join('\n\n')
}

function fromOwn({ title, created_at, messages }: z.output<typeof Own>): ForeignEntry {
  return {
    ...about('Switchboard', undefined, title, toSeconds(created_at)),
    messages: messages.flatMap(({ role, text, created_at: at }) => toMessage(role, text, toMs(at))),
  }
}

/** The rows from the beginning to this one. A circle ends where it closes. */
function walkUp<Row extends { parent?: string | null }>(
  last: string | undefined,
  find: (key: string) => Row | undefined,
): Row[] {
  const path: Row[] = []
  const seen = new Set<string>()
  for (let key = last; key !== undefined && !seen.has(key); ) {
    seen.add(key)
    const row = find(key)
    if (!row) break
    path.push(row)
    key = row.parent ?? undefined
  }
  return path.reverse()
}

function about(
  program: string,
  id: string | null | undefined,
  title: string | null | undefined,
  seconds?: number | null,
) {
  return {
    program,
    ...(id && { id }),
    ...(title && { title }),
    ...(seconds != null && { at: seconds * 1000 }),
  }
}

function toMessage(role: ForeignMessage['role'], text: string, at: number | undefined): ForeignMessage[] {
  return text.trim() === '' ? [] : [{ role, text, ...(at !== undefined && { at }) }]
}

function toMs(iso: string | null | undefined): number | undefined {
  const ms = Date.parse(iso ?? '')
  return Number.isNaN(ms) ? undefined : ms
}

function toSeconds(iso: string | null | undefined): number | undefined {
  const ms = toMs(iso)
  return ms === undefined ? undefined : ms / 1000
}
