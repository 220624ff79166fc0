import type { SentCall } from '#lib/agent/models/openai/repair/answer-repair.ts'
import { isObject, isObjectText } from '#lib/agent/models/openai/repair/call-arguments.ts'

type Fields = Record<string, unknown>
type OpenCall = {
  index?: number
  id?: string
  names: string[]
  text: string
  value?: unknown
  call: Fields
  function: Fields
}

/** A piece of a call, with the fields that could be read. */
type CallDelta = { index?: number; id?: string; name?: string; arguments: unknown; call: Fields; function: Fields }

const MAX_CALLS = 128

/**
 * Puts together the tool calls of a streamed Chat Completions answer. Servers leave out the index
 * or the id, give the same ones to several calls, change the id in each piece, or repeat the name.
 * So a piece continues a call if it can, and begins a new one if that call is already whole.
 */
export class ChatCalls {
  readonly #calls: OpenCall[] = []

  get size(): number {
    return this.#calls.length
  }

  /** Takes the `tool_calls` of one chunk, a list or a single piece. */
  take(deltas: unknown): void {
    const pieces = Array.isArray(deltas) ? deltas : [deltas]
    for (const [place, raw] of pieces.entries()) {
      if (!isObject(raw) || raw.type === 'custom') continue
      const delta = readDelta(raw)
      const call = this.#find(delta, pieces.length > 1 ? place : undefined)
      if (call) addTo(call, delta)
      else if (this.#calls.length < MAX_CALLS)
        this.#calls.push(addTo({ names: [], text: '', call: {}, function: {} }, delta))
    }
  }

  /** The calls in the order in which they began. */
  end(): SentCall[] {
    return this.#calls.map(({ id, names, text, value, call, function: asked }) => {
      const args = value === undefined ? withoutEmptyFirst(text) : text === '' ? value : undefined
      return { id, name: nameOf(names), arguments: args ?? null, call, function: asked }
    })
  }

  /** The call that a piece continues; undefined if it begins a new one. */
  #find(delta: CallDelta, place: number | undefined): OpenCall | undefined {
    const { id, index, name } = delta
    const last = (match: (call: OpenCall) => boolean) => this.#calls.findLast(match)
    const named = name !== undefined
    if (id !== undefined) {
      const same = last(
        (call) => call.id === id && (index === undefined || call.index === undefined || call.index === index),
      )
      if (same) return named && beginsAnother(same, delta) ? undefined : same
    }
    if (index !== undefined) {
      const same = last((call) => call.index === index)
      // Some servers invent an id for each piece, so a new id alone does not begin a call.
      if (!same || !named) return same
      const isOther = id !== undefined && same.id !== undefined
      if (isOther ? !isOpen(same) : beginsAnother(same, delta)) return undefined
      return same
    }
    if (id !== undefined && (named || this.#calls.length === 0)) return undefined
    const before = place !== undefined && !named ? this.#calls[place] : this.#calls.at(-1)
    if (!before || !named) return before
    return isOpen(before) && nameOf(before.names) === name ? before : undefined
  }
}

/** True if the arguments have begun but are not whole. */
function isOpen({ text, value }: OpenCall): boolean {
  return value === undefined && text.trim() !== '' && !isObjectText(text)
}

/**
 * True if a piece with a name cannot belong to this call, because that has its arguments already.
 */
function beginsAnother(call: OpenCall, { name, arguments: args, id }: CallDelta): boolean {
  if (call.value !== undefined) return args !== undefined
  if (!isObjectText(call.text)) return nameOf(call.names) !== name && call.text.trim() !== '' && !isOpen(call)
  // Bedrock sends an empty object first, then the arguments.
  return typeof args === 'string'
    ? args.trim() !== '' && !(call.text.trim() === '{}' && id !== undefined && id === call.id)
    : isObject(args)
}

function addTo(call: OpenCall, { index, id, name, arguments: args, call: more, function: asked }: CallDelta): OpenCall {
  call.index ??= index
  call.id ??= id
  if (name !== undefined) call.names.push(name)
  if (typeof args === 'string') call.text += args
  else if (args !== undefined && args !== null) call.value = args
  Object.assign(call.call, more)
  Object.assign(call.function, asked)
  return call
}

function readDelta(raw: Fields): CallDelta {
  const { index: sent, id, type: _, function: given, ...call } = raw
  const index = typeof sent === 'string' && /^\d{1,4}$/.test(sent) ? Number(sent) : sent
  // Some servers leave out the `function` object and send its fields without it.
  const { name, arguments: args, ...rest } = isObject(given) ? given : raw
  return {
    ...(typeof index === 'number' && { index }),
    ...(typeof id === 'string' && id.trim() !== '' && { id }),
    ...(typeof name === 'string' && name !== '' && { name }),
    arguments: args ?? undefined,
    call: isObject(given) ? withoutNull(call) : {},
    function: isObject(given) ? withoutNull(rest) : {},
  }
}

function withoutNull(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined))
}

/**
 * Joins the pieces of a name. Servers send the same name in each piece, or longer and longer ones,
 * or cut it up.
 */
function nameOf(names: string[]): string {
  return names.reduce((whole, piece) => (piece === whole ? whole : piece.startsWith(whole) ? piece : whole + piece), '')
}

/** Removes the empty object that Bedrock sends before the arguments. */
function withoutEmptyFirst(text: string): string {
  return /^\s*\{\}\s*\{/.test(text) ? text.replace(/^\s*\{\}/, '') : text
}
