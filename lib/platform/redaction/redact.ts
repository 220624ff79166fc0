import { toStorableText } from '#lib/platform/json/to-storable.ts'
import { findPairs } from '#lib/platform/redaction/pairs.ts'
import { NAMING, secrecyOf, VALUING } from '#lib/platform/redaction/secret-names.ts'
import { isSecretText } from '#lib/platform/redaction/secret-values.ts'
import { findShapes, isCardNumber } from '#lib/platform/redaction/shapes.ts'
import { REDACTED, replaceSpans } from '#lib/platform/redaction/spans.ts'
import { findSpoken } from '#lib/platform/redaction/spoken.ts'

export { REDACTED } from '#lib/platform/redaction/spans.ts'

/** How far (characters) behind a cut is looked, so that a secret across it is known. No shape needs more to be told. */
const LOOK_AHEAD_CHARS = 4_096
const SHORTEST_CHARS = 7
const NONE: ReadonlySet<string> = new Set()
const DEPTH_MAX = 32

/**
 * The first `max` characters of a text, with everything that looks like a secret, or stands under a name that says so,
 * replaced; a secret across the end goes whole. Takes time in proportion to `max`, whatever the text.
 */
export function redactText(text: string, max = text.length, hidden: ReadonlySet<string> = NONE): string {
  // Shorter than the shortest name, sign and secret.
  if (text.length < SHORTEST_CHARS && text.length <= max && hidden.size === 0) return text
  const seen = text.length > max + LOOK_AHEAD_CHARS ? text.slice(0, max + LOOK_AHEAD_CHARS) : text
  const spans = [...findShapes(seen, seen.length < text.length), ...findPairs(seen, hidden), ...findSpoken(seen)]
  if (spans.length === 0 && text.length <= max) return text
  return replaceSpans(seen, spans, Math.min(max, seen.length))
}

/** What is left of an allowance: bytes to be kept, characters to be looked at, values to be visited. */
class Budget {
  bytes: number
  looks: number
  nodes: number
  /** Something was left out. */
  exceeded = false

  /** Names, in lower case, under which nothing is kept, whatever it is. */
  readonly hidden: ReadonlySet<string>

  constructor(bytes: number, hidden: readonly string[] = []) {
    this.hidden = new Set(hidden.map((name) => name.toLowerCase()))
    this.bytes = bytes
    // Secrets take much room and leave little: what is looked at is bounded by itself.
    this.looks = bytes + 2 * LOOK_AHEAD_CHARS
    // Nothing is written in fewer than two bytes: itself and a comma.
    this.nodes = Math.ceil(bytes / 2)
  }

  /** Takes one more value in; false where there is no room for it. */
  admit(): boolean {
    this.nodes -= 1
    this.bytes -= 2
    if (this.bytes > 0 && this.looks > 0 && this.nodes >= 0) return true
    this.exceeded = true
    return false
  }

  text(text: string): string {
    const max = Math.max(0, Math.min(text.length, this.bytes))
    if (max < text.length) this.exceeded = true
    this.looks -= Math.min(text.length, max + LOOK_AHEAD_CHARS)
    const kept = redactText(text, max, this.hidden)
    this.bytes -= kept.length
    return toStorableText(kept)
  }
}

/** A copy of a JSON value without secrets, of `maxBytes` at most, more or less: what is beyond is left out. Deeper than 32 levels is cut. */
export function redact(value: unknown, maxBytes: number): unknown {
  return copy(value, new Budget(maxBytes), 0)
}

/**
 * A JSON value made ready to be stored: redacted, and replaced by the first `maxBytes` of its text when larger. The work follows
 * from `maxBytes`, not from the value: what is beyond is not looked at, and not kept. Nothing under a name of `hidden`, in any
 * case and at any depth, is kept either.
 */
export function clipJson(value: unknown, maxBytes: number, hidden?: readonly string[]): unknown {
  const budget = new Budget(maxBytes, hidden)
  const safe = copy(value, budget, 0)
  const bytes = Buffer.from(JSON.stringify(safe) ?? 'null')
  if (!budget.exceeded && bytes.length <= maxBytes) return safe
  return { clipped: true, text: bytes.subarray(0, characterEnd(bytes, maxBytes)).toString('utf8') }
}

/** The last place, up to `max`, that is not in the middle of a character. */
function characterEnd(bytes: Uint8Array, max: number): number {
  let end = Math.min(max, bytes.length)
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return end
}

function copy(value: unknown, budget: Budget, depth: number): unknown {
  if (typeof value === 'string') return budget.text(value)
  if (typeof value === 'number') return value > 1e11 && isCardNumber(String(value)) ? REDACTED : value
  if (value === null || typeof value !== 'object') return value
  if (depth >= DEPTH_MAX) return '[too deep]'
  return Array.isArray(value)
    ? copyList(value, budget, depth)
    : copyObject(value as Record<string, unknown>, budget, depth)
}

function copyList(list: unknown[], budget: Budget, depth: number): unknown[] {
  const [name, second] = list
  // Headers and forms often come as lists of two.
  if (
    list.length === 2 &&
    typeof name === 'string' &&
    typeof second === 'string' &&
    secrecyOf(name) === 'strong' &&
    !secrecyOf(second)
  )
    return budget.admit() && budget.admit()
      ? [budget.text(name), isSecretText(second, 'strong') ? REDACTED : budget.text(second)]
      : []
  const kept: unknown[] = []
  for (const entry of list) {
    if (!budget.admit()) break
    kept.push(copy(entry, budget, depth + 1))
  }
  return kept
}

function copyObject(object: Record<string, unknown>, budget: Budget, depth: number): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  const named = namesSecret(object)
  for (const key in object) {
    if (!Object.hasOwn(object, key)) continue
    if (!budget.admit()) break
    const name = budget.text(key)
    const hidden =
      budget.hidden.has(key.toLowerCase()) ||
      isHidden(key, object[key]) ||
      (named && VALUING.test(key) && !isEmpty(object[key]))
    // A plain assignment to `__proto__` would set the prototype.
    Object.defineProperty(kept, name, {
      value: hidden ? REDACTED : copy(object[key], budget, depth + 1),
      ...{ enumerable: true, configurable: true, writable: true },
    })
  }
  return kept
}

/** `{ name: 'password', value: 'x' }`: the value's name stands beside it. */
function namesSecret(object: Record<string, unknown>): boolean {
  for (const key of [
    'name',
    'key',
    'field',
    'header',
    'parameter',
    'param',
    'variable',
    'label',
    'id',
    'k',
    'Name',
    'Key',
  ]) {
    const name = NAMING.test(key) ? object[key] : undefined
    if (typeof name === 'string' && secrecyOf(name)) return true
  }
  return false
}

function isHidden(key: string, value: unknown): boolean {
  if (isEmpty(value) || typeof value === 'boolean') return false
  const secrecy = secrecyOf(key)
  if (!secrecy) return false
  if (typeof value === 'string') return secrecy === 'strong' ? !WORD_OF_FETCH.test(value) : isSecretText(value, 'weak')
  if (typeof value === 'number') return secrecy === 'strong'
  // The words of a text are called tokens too.
  if (secrecy === 'weak' && Array.isArray(value)) return value.slice(0, 100).some(isLongSecret)
  return secrecy === 'strong' && !isSchema(value as object)
}

function isLongSecret(entry: unknown): boolean {
  return typeof entry === 'string' && entry.length >= 16 && /\d/.test(entry) && isSecretText(entry, 'weak')
}

// What `fetch` may be told about credentials, and what schemas say of any field.
const WORD_OF_FETCH = /^(?:include|omit|same-origin|string|none|null|undefined)$/

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === ''
}

// The schema of a tool speaks of a password, and has none.
function isSchema(value: object): boolean {
  const { type, $ref } = value as { type?: unknown; $ref?: unknown }
  return (
    typeof $ref === 'string' ||
    (typeof type === 'string' && /^(?:string|number|integer|boolean|object|array|null)$/.test(type))
  )
}
