import { toStorableText } from '#lib/platform/json/to-storable.ts'
import { findPairs } from '#lib/platform/redaction/pairs.ts'
import { findSecrecy, NAMING, VALUING } from '#lib/platform/redaction/secret-names.ts'
import { isSecretText } from '#lib/platform/redaction/secret-values.ts'
import { findShapes, isCardNumber } from '#lib/platform/redaction/shapes.ts'
import { REDACTED, replaceSpans } from '#lib/platform/redaction/spans.ts'
import { findSpoken } from '#lib/platform/redaction/spoken.ts'

export { REDACTED } from '#lib/platform/redaction/spans.ts'

/**
 * How many characters after a cut are inspected, so that a secret across it is recognized. No shape
 * needs more.
 */
const LOOK_AHEAD_CHARS = 4_096
const SHORTEST_CHARS = 7
const NONE: ReadonlySet<string> = new Set()
const DEPTH_MAX = 32

/**
 * Returns the first `max` characters of a text, with everything replaced that looks like a secret
 * or follows a telling name. A secret across the end is replaced as a whole. The time is
 * proportional to `max`, whatever the text.
 */
export function redactText(text: string, max = text.length, hidden: ReadonlySet<string> = NONE): string {
  // Shorter than the shortest name, sign and secret together.
  if (text.length < SHORTEST_CHARS && text.length <= max && hidden.size === 0) return text
  const seen = text.length > max + LOOK_AHEAD_CHARS ? text.slice(0, max + LOOK_AHEAD_CHARS) : text
  const spans = [...findShapes(seen, seen.length < text.length), ...findPairs(seen, hidden), ...findSpoken(seen)]
  if (spans.length === 0 && text.length <= max) return text
  return replaceSpans(seen, spans, Math.min(max, seen.length))
}

/** What is left of the limits: bytes to keep, characters to inspect, values to visit. */
class Budget {
  bytes: number
  looks: number
  nodes: number
  /** True if something was left out. */
  exceeded = false

  /** Names, in lower case, whose values are never kept. */
  readonly hidden: ReadonlySet<string>

  constructor(bytes: number, hidden: readonly string[] = []) {
    this.hidden = new Set(hidden.map((name) => name.toLowerCase()))
    this.bytes = bytes
    // Secrets are long and leave little output, so the characters inspected have their own limit.
    this.looks = bytes + 2 * LOOK_AHEAD_CHARS
    // Every value takes at least two bytes: itself and a comma.
    this.nodes = Math.ceil(bytes / 2)
  }

  /** Counts one more value. False if there is no room for it. */
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

/**
 * Copies a JSON value without secrets, to about `maxBytes` at most; the rest is left out. Values
 * below 32 levels are cut.
 */
export function redact(value: unknown, maxBytes: number): unknown {
  return copy(value, new Budget(maxBytes), 0)
}

/**
 * Makes a JSON value ready to be stored: redacted and, if it is larger than `maxBytes`, replaced by
 * the first `maxBytes` of its text. The work depends on `maxBytes`, not on the value: the rest is
 * neither inspected nor kept. Values under the names in `hidden`, in any letter case and at any
 * depth, are not kept either.
 */
export function clipJson(value: unknown, maxBytes: number, hidden?: readonly string[]): unknown {
  const budget = new Budget(maxBytes, hidden)
  const safe = copy(value, budget, 0)
  const bytes = Buffer.from(JSON.stringify(safe) ?? 'null')
  if (!budget.exceeded && bytes.length <= maxBytes) return safe
  return { clipped: true, text: bytes.subarray(0, characterEnd(bytes, maxBytes)).toString('utf8') }
}

/** The last position, up to `max`, that does not split a character. */
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
    findSecrecy(name) === 'strong' &&
    !findSecrecy(second)
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

/** `{ name: 'password', value: 'x' }`: the name of the value is in a field next to it. */
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
    if (typeof name === 'string' && findSecrecy(name)) return true
  }
  return false
}

function isHidden(key: string, value: unknown): boolean {
  if (isEmpty(value) || typeof value === 'boolean') return false
  const secrecy = findSecrecy(key)
  if (!secrecy) return false
  if (typeof value === 'string') return secrecy === 'strong' ? !WORD_OF_FETCH.test(value) : isSecretText(value, 'weak')
  if (typeof value === 'number') return secrecy === 'strong'
  // The words of a text are called tokens, too.
  if (secrecy === 'weak' && Array.isArray(value)) return value.slice(0, 100).some(isLongSecret)
  return secrecy === 'strong' && !isSchema(value as object)
}

function isLongSecret(entry: unknown): boolean {
  return typeof entry === 'string' && entry.length >= 16 && /\d/.test(entry) && isSecretText(entry, 'weak')
}

// The `credentials` options of `fetch`, and words that schemas use for any field.
const WORD_OF_FETCH = /^(?:include|omit|same-origin|string|none|null|undefined)$/

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === ''
}

// A tool's schema describes a password but does not contain one.
function isSchema(value: object): boolean {
  const { type, $ref } = value as { type?: unknown; $ref?: unknown }
  return (
    typeof $ref === 'string' ||
    (typeof type === 'string' && /^(?:string|number|integer|boolean|object|array|null)$/.test(type))
  )
}
