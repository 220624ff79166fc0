import { createHash } from 'node:crypto'
import { isObject } from '#lib/agent/models/openai/repair/call-arguments.ts'

type Fields = Record<string, unknown>

/**
 * What a provider sent with a tool call beyond the standard and wants back with it: Gemini's
 * thought signature, OpenRouter's reasoning details, DeepSeek's thoughts. It travels as one text,
 * because the SDK would rename fields inside.
 */
export type Echo = {
  /** The server and model that it came from. No other gets it. */
  origin: string
  /** The provider's own id of the call, if no other server would accept it. */
  id?: string
  call?: Fields
  function?: Fields
  /** Fields of the message that contains the call. */
  message?: Fields
}

/** The field that carries an echo from the SDK's items to the request. */
export const ECHO = 'switchboard_echo'

const KEPT_MAX_CHARS = 32_000

// Thoughts that a provider wants back within a turn, but not in the next one.
const OF_THE_TURN = ['reasoning', 'reasoning_content', 'thinking']
/**
 * Fields of a message that providers want back with its calls. Other fields are not sent back:
 * strict servers refuse unknown ones.
 */
export const OF_THE_MESSAGE = [
  ...OF_THE_TURN,
  'reasoning_details',
  'thinking_blocks',
  'extra_content',
  'provider_specific_fields',
]

/** Identifies the server and model of an answer without revealing the address. */
export function toOrigin(baseUrl: string, model: string): string {
  return createHash('sha256').update(`${baseUrl}\n${model}`).digest('hex').slice(0, 16)
}

/**
 * An echo for later turns, without the turn's thoughts; undefined if it is empty or longer than
 * 32,000 characters.
 */
export function echoToKeep(text: unknown): string | undefined {
  const echo = readEcho(text)
  if (!echo) return undefined
  const message = withoutEmpty(
    Object.fromEntries(Object.entries(echo.message ?? {}).filter(([key]) => !OF_THE_TURN.includes(key))),
  )
  const { message: _, ...rest } = echo
  const kept = writeEcho({ ...rest, ...(message && { message }) })
  return kept !== undefined && kept.length <= KEPT_MAX_CHARS ? kept : undefined
}

/** The text of an echo; undefined if it holds nothing but its origin. */
export function writeEcho(echo: Echo): string | undefined {
  return Object.keys(echo).length > 1 ? JSON.stringify(echo) : undefined
}

/** The fields; undefined if there are none. */
export function withoutEmpty(fields: Fields): Fields | undefined {
  return Object.keys(fields).length > 0 ? fields : undefined
}

/**
 * Puts the echoes of `origin` back in place, in the messages or the input of a request. Echoes of
 * other origins are removed.
 */
export function restoreEchoes<Item>(items: Item[], origin: string): Item[] {
  const ids = new Map<unknown, string>()
  return items.map((item) => {
    if (!isObject(item)) return item
    const { [ECHO]: own, ...rest } = item
    if (rest.type === 'function_call') return restoreCall(rest, own, origin, ids, 'call_id') as Item
    if (rest.type === 'function_call_output') return withId(rest, 'call_id', ids) as Item
    if (rest.role === 'tool') return withId(rest, 'tool_call_id', ids) as Item
    if (!Array.isArray(rest.tool_calls)) return rest as Item
    let message: Fields = {}
    const calls = rest.tool_calls.map((call: Fields) => {
      const { [ECHO]: text, ...plain } = call
      const echo = readEcho(text)
      if (echo?.origin === origin) message = { ...message, ...echo.message }
      return restoreCall(plain, text, origin, ids, 'id')
    })
    return { ...message, ...rest, tool_calls: calls } as Item
  })
}

function restoreCall(
  call: Fields,
  text: unknown,
  origin: string,
  ids: Map<unknown, string>,
  key: 'id' | 'call_id',
): Fields {
  const echo = readEcho(text)
  if (echo?.origin !== origin) return call
  const id = echo.id !== undefined && ![...ids.values()].includes(echo.id) ? echo.id : undefined
  if (id !== undefined) ids.set(call[key], id)
  const asked = isObject(call.function) ? { function: { ...echo.function, ...call.function } } : {}
  return { ...echo.call, ...call, ...asked, ...(id !== undefined && { [key]: id }) }
}

function withId(answer: Fields, key: string, ids: Map<unknown, string>): Fields {
  const id = ids.get(answer[key])
  return id === undefined ? answer : { ...answer, [key]: id }
}

function readEcho(text: unknown): Echo | undefined {
  if (typeof text !== 'string') return undefined
  try {
    const echo = JSON.parse(text)
    return isObject(echo) && typeof echo.origin === 'string' ? (echo as Echo) : undefined
  } catch {
    return undefined
  }
}
