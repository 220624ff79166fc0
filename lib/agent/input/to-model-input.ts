import type { AgentInputItem } from '@openai/agents'
import { isAssistantTag } from '#lib/agent/assistants/find-chosen-slug.ts'
import type { CountTokens } from '#lib/agent/input/count-tokens.ts'
import {
  describePrompt,
  describeResource,
  findKeptResource,
  findPromptServer,
  isResourceTag,
} from '#lib/agent/input/message-offers.ts'
import { estimateTokens } from '#lib/agent/models/estimate-tokens.ts'
import { ECHO } from '#lib/agent/models/openai/repair/echo.ts'
import type { KeptToolCall } from '#lib/agent/stream/open-calls.ts'
import type {
  Attachment,
  StructuredInputItem,
  ThreadItem,
  UserMessageContent,
  UserMessageItem,
  WidgetItem,
} from '#lib/chatkit/protocol/items.ts'

/** A part of a message to the model. */
export type InputPart = Exclude<Extract<AgentInputItem, { role: 'user' }>['content'], string>[number]

type Options = {
  /** The most estimated tokens; by default no limit. */
  maxTokens?: number
  /** Reads an attachment for the model. Called only for messages whose text has room. */
  readAttachment?: (attachment: Attachment) => Promise<InputPart[]>
  count?: CountTokens
}

/** What one item of a thread becomes. Empty if the model reads nothing of it. */
export type InputGroup = { entries: AgentInputItem[]; tokens: number }

/**
 * Converts the items of a thread, oldest first, to the model's input (protocol section 2.4): the
 * newest that fit into `maxTokens`. A tool call always comes with its result. The last user message
 * and what follows it are always included.
 */
export async function toModelInput(items: ThreadItem[], options: Options = {}): Promise<AgentInputItem[]> {
  return (await fitHistory(items, options)).flatMap(({ entries }) => entries)
}

/** The same, one group for each of the newest items that fit. The first of them is the oldest. */
export async function fitHistory(
  items: ThreadItem[],
  { maxTokens = Number.POSITIVE_INFINITY, readAttachment = describeUnreadable, count = estimateTokens }: Options = {},
): Promise<InputGroup[]> {
  const toolWorkflows = new Set(items.flatMap((item) => keptCall(item)?.workflow_id ?? []))
  const groups: InputGroup[] = []
  const lastMessage = items.findLastIndex(({ type }) => type === 'user_message')
  let room = maxTokens
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index]
    if (!item) continue
    // Attachments are not read for a message whose text alone has no room.
    if (item.type === 'user_message' && index < lastMessage && count(item.content) > room) break
    const isTold = item.type === 'workflow' && toolWorkflows.has(item.id)
    const entries = isTold
      ? []
      : item.type === 'user_message'
        ? await fromUser(item, isNewest(items, index), readAttachment)
        : [...convert(item), ...(await fromKeptFile(item, readAttachment))]
    const tokens = entries.length > 0 ? count(entries) : 0
    if (tokens > room && index < lastMessage) break
    room -= tokens
    groups.push({ entries, tokens })
  }
  return groups.reverse()
}

async function describeUnreadable({ name }: Attachment): Promise<InputPart[]> {
  return [{ type: 'input_text', text: `[The attached file ${JSON.stringify(name)} cannot be read.]` }]
}

/** One item as model input: no entry, one, or several that belong together. */
function convert(item: Exclude<ThreadItem, UserMessageItem>): AgentInputItem[] {
  switch (item.type) {
    case 'assistant_message': {
      const content = item.content
        .filter(({ text }) => text !== '')
        .map(({ text }) => ({ type: 'output_text' as const, text }))
      return content.length > 0 ? [{ type: 'message', role: 'assistant', status: 'completed', content }] : []
    }
    case 'hidden_context_item':
      return fromHidden(item)
    case 'sdk_hidden_context':
      return [toHiddenMessage(item.content)]
    case 'client_tool_call':
      return item.status === 'completed'
        ? toCallAndResult(item.call_id, item.name, JSON.stringify(item.arguments), JSON.stringify(item.output ?? null))
        : []
    case 'widget':
      return [user(`The following graphical UI widget (id: ${item.id}) was displayed to the user:${widgetJson(item)}`)]
    case 'task':
      return fromTasks([item.task])
    case 'workflow':
      return fromTasks(item.workflow.tasks)
    case 'structured_input':
      return [user(structuredInput(item))]
    case 'generated_image':
      return item.image ? [{ type: 'message', role: 'user', content: imageContent(item.image.url) }] : []
    case 'end_of_turn':
      return []
  }
}

function user(text: string): AgentInputItem {
  return { type: 'message', role: 'user', content: [{ type: 'input_text', text }] }
}

function toHiddenMessage(text: string): AgentInputItem {
  return user(`Hidden context for the agent (not shown to the user):\n<HiddenContext>\n${text}\n</HiddenContext>`)
}

function toCallAndResult(callId: string, name: string, args: string, output: string, echo?: string): AgentInputItem[] {
  const providerData = echo === undefined ? {} : { providerData: { [ECHO]: echo } }
  return [
    { type: 'function_call', callId, name, arguments: args, status: 'completed', ...providerData },
    { type: 'function_call_result', callId, name, status: 'completed', output },
  ]
}

async function fromUser(
  { content, quoted_text, attachments }: UserMessageItem,
  isLast: boolean,
  read: NonNullable<Options['readAttachment']>,
): Promise<AgentInputItem[]> {
  const text = content.map(toWritten).join('')
  const parts: InputPart[] = []
  // One at a time, because attachments may be large.
  for (const attachment of attachments) parts.push(...(await read(attachment)))
  const messages: AgentInputItem[] = [
    {
      type: 'message',
      role: 'user',
      content: [...(text || parts.length === 0 ? [{ type: 'input_text' as const, text }] : []), ...parts],
    },
  ]
  if (isLast && quoted_text) messages.push(user(`The user is referring to this in particular: \n${quoted_text}`))
  // Tags with the same text but another id or other data stay separate.
  const tags = new Map(
    content.flatMap((part) =>
      part.type === 'input_tag' && !isResourceTag(part) && !isAssistantTag(part) && findPromptServer(part) === undefined
        ? [[JSON.stringify([part.id, part.text, part.data]), part] as const]
        : [],
    ),
  )
  if (tags.size > 0) {
    const lines = [...tags.values()].map(
      ({ text, id, data }) => `- @${text} (id: ${id})${Object.keys(data).length > 0 ? ` ${JSON.stringify(data)}` : ''}`,
    )
    messages.push(user(`# User-provided context for @-mentions\n${lines.join('\n')}`))
  }
  for (const part of content) {
    const server = part.type === 'input_tag' ? findPromptServer(part) : undefined
    if (server !== undefined) messages.push(user(describePrompt(server)))
  }
  return messages
}

/** The file of a resource that was attached to a message. */
async function fromKeptFile(item: ThreadItem, read: NonNullable<Options['readAttachment']>): Promise<AgentInputItem[]> {
  const file = findKeptResource(item)?.file
  return file ? [{ type: 'message', role: 'user', content: await read(file) }] : []
}

/** True if nothing but what belongs to this message follows it. */
function isNewest(items: ThreadItem[], index: number): boolean {
  return items.slice(index + 1).every((item) => findKeptResource(item) !== undefined)
}

/** A prompt's tag stands before the prompt, so that its first line is never a command. */
function toWritten(part: UserMessageContent): string {
  if (part.type === 'input_text') return part.text
  return findPromptServer(part) === undefined ? `@${part.text}` : `[${part.text}]`
}

function fromHidden(item: ThreadItem & { type: 'hidden_context_item' }): AgentInputItem[] {
  const call = keptCall(item)
  if (call) return toCallAndResult(call.call_id, call.name, call.arguments, call.output, call.echo)
  const resource = findKeptResource(item)
  if (resource) return [user(describeResource(item, resource))]
  return [toHiddenMessage(typeof item.content === 'string' ? item.content : JSON.stringify(item.content))]
}

function keptCall(item: ThreadItem): KeptToolCall | undefined {
  if (item.type !== 'hidden_context_item') return undefined
  const content = item.content as KeptToolCall | null
  return content?.kind === 'tool_call' ? content : undefined
}

function fromTasks(tasks: { type: string; title?: string; content?: string }[]): AgentInputItem[] {
  return tasks
    .filter(({ type, title, content }) => type === 'custom' && (title || content))
    .map(({ title, content }) => {
      const text = [title, content].filter(Boolean).join(': ')
      return user(
        `A message was displayed to the user that the following task was performed:\n<Task>\n${text}\n</Task>`,
      )
    })
}

function widgetJson({ widget }: WidgetItem): string {
  return JSON.stringify(widget, (_key, value) => value ?? undefined)
}

function structuredInput({ status, inputs }: StructuredInputItem): string {
  const lines = inputs.map(({ question, answer }) => {
    const said = answer ? (answer.skipped ? 'skipped' : answer.values.join(', ')) : 'unanswered'
    return `- ${question}: ${said}`
  })
  const intro = `A structured input request was displayed to the user with the following status: ${status}`
  return `${intro}\n<StructuredInput>\n${lines.join('\n')}\n</StructuredInput>`
}

function imageContent(image: string) {
  return [
    { type: 'input_text' as const, text: 'The following image was generated by the agent.' },
    { type: 'input_image' as const, image, detail: 'auto' },
  ]
}
