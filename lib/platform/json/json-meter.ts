/**
 * Limits for a JSON text: the number of values, their depth, and the escapes in its strings. A
 * value and an escape cost about the same to read.
 */
export type JsonLimits = { values: number; depth: number; escapes: number }

/**
 * The limits for requests. Parsing that much takes a few milliseconds, and our own messages have
 * less than a tenth of it.
 */
export const REQUEST_LIMITS: JsonLimits = { values: 20_000, depth: 64, escapes: 300_000 }

const QUOTE = 0x22
const BACKSLASH = 0x5c
const NEWLINE = 0x0a
const OPENING = new Set([0x5b, 0x7b])
const CLOSING = new Set([0x5d, 0x7d])
const COMMA = 0x2c

/**
 * Counts the values of a JSON text as its bytes arrive, before it is parsed. A megabyte of JSON may
 * be one string, which costs nothing, or half a million values, which block the process. It does
 * not validate the JSON.
 */
export class JsonMeter {
  readonly #limits: JsonLimits
  #values = 1
  #escapes = 0
  #depth = 0
  #quoted = false
  #escaped = false

  constructor(limits: JsonLimits = REQUEST_LIMITS) {
    this.#limits = limits
  }

  /** Counts the next bytes. Returns the limit that was exceeded, if any. */
  feed(bytes: Uint8Array): keyof JsonLimits | undefined {
    // The next quote and backslash. Each is searched once, not once for every string or escape.
    let quote = bytes.indexOf(QUOTE)
    let slash = bytes.indexOf(BACKSLASH)
    for (let at = 0; at < bytes.length; at += 1) {
      if (!this.#quoted) {
        const excess = this.#count(bytes[at] ?? 0)
        if (excess) return excess
        continue
      }
      if (this.#escaped) {
        this.#escaped = false
        continue
      }
      if (quote >= 0 && quote < at) quote = bytes.indexOf(QUOTE, at)
      const end = quote < 0 ? bytes.length : quote
      if (slash >= 0 && slash < at) slash = bytes.indexOf(BACKSLASH, at)
      if (slash >= 0 && slash < end) {
        this.#escapes += 1
        if (this.#escapes > this.#limits.escapes) return 'escapes'
        this.#escaped = true
        at = slash
      } else {
        this.#quoted = quote < 0
        at = end
      }
    }
    return undefined
  }

  #count(byte: number): keyof JsonLimits | undefined {
    if (byte === QUOTE) this.#quoted = true
    else if (CLOSING.has(byte)) this.#depth -= 1
    else if (byte === COMMA) this.#values += 1
    else if (OPENING.has(byte)) {
      this.#values += 1
      this.#depth += 1
      if (this.#depth > this.#limits.depth) return 'depth'
    }
    return this.#values > this.#limits.values ? 'values' : undefined
  }

  /** Restarts the count for the next text of the same stream. */
  reset(): void {
    this.#values = 1
    this.#escapes = 0
    this.#depth = 0
    this.#quoted = false
    this.#escaped = false
  }
}

/**
 * Meters a stream of server-sent events, each of which is a separate JSON text of at most
 * `maxBytes`.
 */
export class EventMeter {
  readonly #meter: JsonMeter
  readonly #maxBytes: number
  #bytes = 0
  #line = 0

  constructor(limits: JsonLimits, maxBytes: number) {
    this.#meter = new JsonMeter(limits)
    this.#maxBytes = maxBytes
  }

  feed(bytes: Uint8Array): keyof JsonLimits | 'bytes' | undefined {
    for (let at = 0; at < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, at)
      const end = newline < 0 ? bytes.length : newline
      const line = bytes.subarray(at, end)
      this.#bytes += line.length
      this.#line += line.length
      if (this.#bytes > this.#maxBytes) return 'bytes'
      const problem = this.#meter.feed(line)
      if (problem) return problem
      if (newline >= 0) {
        // An empty line ends the event; it may contain a carriage return.
        if (this.#line <= 1) this.#bytes = 0
        if (this.#line <= 1) this.#meter.reset()
        this.#line = 0
      }
      at = end + 1
    }
    return undefined
  }
}
