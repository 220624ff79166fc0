import type { Api } from '#tests/support/models/openai-frames.ts'

type Json = Record<string, unknown>

const NAME = /^[a-zA-Z0-9_-]{1,64}$/
const CALL_ID_MAX_CHARS = { chat: 40, responses: 64 }
/** The fields of each kind of message. OpenAI, Mistral and Groq reject any other field. */
const MESSAGE_FIELDS: Record<string, string[]> = {
  system: ['role', 'content', 'name'],
  developer: ['role', 'content', 'name'],
  user: ['role', 'content', 'name'],
  assistant: ['role', 'content', 'name', 'refusal', 'audio', 'tool_calls'],
  tool: ['role', 'content', 'tool_call_id'],
}
const CHAT_PARTS: Record<string, string[]> = {
  system: ['text'],
  developer: ['text'],
  user: ['text', 'image_url', 'input_audio', 'file'],
  assistant: ['text', 'refusal'],
  tool: ['text'],
}
const RESPONSES_PARTS: Record<string, string[]> = {
  system: ['input_text'],
  developer: ['input_text'],
  user: ['input_text', 'input_image', 'input_file'],
  assistant: ['output_text', 'refusal'],
}
const CALL_FIELDS = ['type', 'id', 'call_id', 'name', 'arguments', 'status', 'namespace', 'caller']

/**
 * What OpenAI or vLLM would reject in a request, one sentence each. Empty if the request is valid.
 * `echoed` are the names of non-standard fields that this server sent itself, and therefore
 * accepts.
 */
export function requestFaults(api: Api, body: Json, echoed: ReadonlySet<string> = new Set()): string[] {
  const faults = api === 'chat' ? chatFaults(body, echoed) : responsesFaults(body, echoed)
  if (typeof body.model !== 'string' || body.model === '') faults.push('model is missing')
  if (body.stream_options && body.stream !== true) faults.push('stream_options without stream')
  faults.push(...toolFaults(api, body.tools))
  // A lone surrogate is not text. Servers that read strict UTF-8 reject the whole request.
  if (/(?<!\\)(\\\\)*\\ud[89a-f]/i.test(JSON.stringify(body))) faults.push('a text holds half a character')
  return faults
}

function chatFaults({ messages }: Json, echoed: ReadonlySet<string>): string[] {
  if (!Array.isArray(messages) || messages.length === 0) return ['messages is empty']
  const faults: string[] = []
  const used = new Set<unknown>()
  let open = new Set<unknown>()
  for (const [index, message] of (messages as Json[]).entries()) {
    const { role, content, tool_calls: calls } = message
    const at = `messages[${index}]`
    const say = (text: string) => faults.push(`${at}: ${text}`)
    const fields = MESSAGE_FIELDS[String(role)]
    if (!fields) {
      say(`role ${JSON.stringify(role)}`)
      continue
    }
    for (const key of Object.keys(message)) if (!fields.includes(key) && !echoed.has(key)) say(`unknown field ${key}`)
    if (role === 'tool') {
      if (!open.delete(message.tool_call_id)) say(`answers no open call (${JSON.stringify(message.tool_call_id)})`)
      if (content === undefined || content === null) say('an answer without content')
    } else {
      if (open.size > 0) say(`calls without an answer: ${[...open].join(', ')}`)
      open = new Set()
    }
    faults.push(...contentFaults(at, content, CHAT_PARTS[String(role)] ?? [], role === 'tool'))
    if (role === 'assistant' && calls === undefined && isEmpty(content))
      say('an assistant message without content or calls')
    if (role === 'user' && isEmpty(content)) say('an empty user message')
    if (calls === undefined) continue
    if (!Array.isArray(calls) || calls.length === 0) {
      say('tool_calls is empty')
      continue
    }
    for (const call of calls as Json[]) {
      const { id, type, function: asked } = call
      for (const key of Object.keys(call))
        if (!['id', 'type', 'function'].includes(key) && !echoed.has(key)) say(`unknown field ${key} of a call`)
      for (const key of Object.keys(asked ?? {}))
        if (!['name', 'arguments'].includes(key) && !echoed.has(key)) say(`unknown field ${key} of a function`)
      if (type !== 'function') say(`a call of type ${JSON.stringify(type)}`)
      faults.push(...callFaults(at, 'chat', id, (asked ?? {}) as Json, used))
      open.add(id)
    }
  }
  if (open.size > 0) faults.push(`calls without an answer: ${[...open].join(', ')}`)
  return faults
}

function responsesFaults({ input }: Json, echoed: ReadonlySet<string>): string[] {
  if (typeof input === 'string') return input === '' ? ['input is empty'] : []
  if (!Array.isArray(input) || input.length === 0) return ['input is empty']
  const faults: string[] = []
  const answers = new Map<unknown, number>()
  const used = new Set<unknown>()
  for (const [index, item] of (input as Json[]).entries()) {
    const { type = 'message', id, role, content, call_id: callId, output } = item
    const at = `input[${index}]`
    const say = (text: string) => faults.push(`${at}: ${text}`)
    if (type === 'message') {
      const parts = RESPONSES_PARTS[String(role)]
      if (!parts) say(`role ${JSON.stringify(role)}`)
      if (id !== undefined && !/^msg/.test(String(id))) say(`the id of a message is ${JSON.stringify(id)}`)
      if (isEmpty(content)) say('an empty message')
      faults.push(...contentFaults(at, content, parts ?? []))
    } else if (type === 'function_call') {
      if (id !== undefined && !/^fc/.test(String(id))) say(`the id of a call is ${JSON.stringify(id)}`)
      for (const key of Object.keys(item))
        if (!CALL_FIELDS.includes(key) && !echoed.has(key)) say(`unknown field ${key} of a call`)
      faults.push(...callFaults(at, 'responses', callId, item, used))
      answers.set(callId, 0)
    } else if (type === 'function_call_output') {
      const before = answers.get(callId)
      if (before === undefined) say(`answers no call (${JSON.stringify(callId)})`)
      if (before) say(`a second answer to ${callId}`)
      answers.set(callId, (before ?? 0) + 1)
      if (typeof output !== 'string' && !(Array.isArray(output) && output.length > 0)) say('an answer without output')
    } else if (type === 'reasoning') {
      if (!/^rs/.test(String(id))) say(`the id of a reasoning is ${JSON.stringify(id)}`)
      const next = input[index + 1] as Json | undefined
      if (!next || next.role === 'user' || next.type === 'function_call_output')
        say('a reasoning without what it led to')
    } else if (!/_call$/.test(String(type))) say(`an item of type ${JSON.stringify(type)}`)
  }
  for (const [callId, count] of answers) if (count === 0) faults.push(`a call without an answer: ${callId}`)
  return faults
}

function callFaults(at: string, api: Api, id: unknown, { name, arguments: args }: Json, used: Set<unknown>): string[] {
  const faults: string[] = []
  if (typeof id !== 'string' || id === '') faults.push(`${at}: a call without an id`)
  else if (id.length > CALL_ID_MAX_CHARS[api]) faults.push(`${at}: the id of a call has ${id.length} characters`)
  if (used.has(id)) faults.push(`${at}: the id ${id} is used twice`)
  used.add(id)
  if (typeof name !== 'string' || !NAME.test(name)) faults.push(`${at}: a call of ${JSON.stringify(name)}`)
  if (!isObjectText(args)) faults.push(`${at}: arguments are ${JSON.stringify(args)}`)
  return faults
}

function contentFaults(at: string, content: unknown, types: string[], mayBeEmpty = false): string[] {
  if (content === null || content === undefined || typeof content === 'string') return []
  if (!Array.isArray(content) || content.length === 0) return [`${at}: content is ${JSON.stringify(content)}`]
  return (content as Json[]).flatMap((part) => {
    if (!types.includes(String(part.type))) return [`${at}: a part of type ${JSON.stringify(part.type)}`]
    const text = part.text ?? part.refusal
    return text === '' && !mayBeEmpty ? [`${at}: an empty part`] : []
  })
}

function toolFaults(api: Api, tools: unknown): string[] {
  if (tools === undefined) return []
  if (!Array.isArray(tools)) return ['tools is no list']
  // OpenAI accepts an empty list only in Responses.
  if (tools.length === 0) return api === 'chat' ? ['tools is empty'] : []
  const names = new Set<unknown>()
  return (tools as Json[]).flatMap((tool, index) => {
    if (tool.type !== 'function') return []
    const { name, parameters } = (api === 'chat' ? tool.function : tool) as Json
    const faults: string[] = []
    if (typeof name !== 'string' || !NAME.test(name)) faults.push(`tools[${index}]: the name ${JSON.stringify(name)}`)
    if (names.has(name)) faults.push(`tools[${index}]: a second ${name}`)
    names.add(name)
    if ((parameters as Json | undefined)?.type !== 'object') faults.push(`tools[${index}]: parameters are no object`)
    return faults
  })
}

function isEmpty(content: unknown): boolean {
  return content === null || content === undefined || content === '' || (Array.isArray(content) && content.length === 0)
}

function isObjectText(text: unknown): boolean {
  if (typeof text !== 'string') return false
  try {
    const value = JSON.parse(text)
    return value !== null && typeof value === 'object' && !Array.isArray(value)
  } catch {
    return false
  }
}
