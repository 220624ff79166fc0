import type { SaidWait } from '#lib/agent/models/openai/failures/classify-failure.ts'

/** The longest wait (ms) that is believed: 31 days, the longest period of a quota. */
const BELIEVED_MAX_MS = 31 * 24 * 3_600_000
/** A field without a unit that says more than this many seconds means milliseconds. */
const SECONDS_MAX = 86_400
const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/**
 * How long (ms) a server wants us to wait: from `retry-after-ms`, `Retry-After` in seconds, as a
 * date or as "1m30s", fields of the error such as Gemini's `retryDelay` or `retry_after`, or words
 * such as "try again in 1m20.5s". Undefined if it does not say, or if the time has passed or is
 * more than 31 days away.
 */
export function readRetryAfter(
  headers: Headers,
  { message = '', waits = [] }: { message?: string; waits?: SaidWait[] } = {},
): number | undefined {
  const exact = Number(headers.get('retry-after-ms') ?? Number.NaN)
  if (exact > 0) return toBelievable(exact)
  const header = headers.get('retry-after')?.trim()
  if (header) return toBelievable(readHeader(header))
  const [stated] = waits.map(readField).filter((ms) => toBelievable(ms) !== undefined)
  return toBelievable(stated ?? readWords(message))
}

// A proxy that repeats the header joins both values with a comma. A date has a comma only after its
// day.
function readHeader(header: string): number | undefined {
  const [first = ''] = /^\d/.test(header) ? header.split(',') : [header]
  const count = Number(first)
  // A number this large is a point in time, in seconds since 1970.
  if (count > 1_000_000_000) return count * 1_000 - Date.now()
  if (!Number.isNaN(count)) return count * 1_000
  const at = Date.parse(header)
  return Number.isNaN(at) ? readDuration(header) : at - Date.now()
}

function toBelievable(ms: number | undefined): number | undefined {
  return ms !== undefined && ms > 0 && ms <= BELIEVED_MAX_MS ? ms : undefined
}

/** True for the name of a field that says when to ask again. */
export function isWaitField(name: string): boolean {
  return /^retry[_-]?(?:after|delay|in)(?:[_-]?(?:ms|milli_?seconds|s|sec|seconds))?$/i.test(name)
}

/** A field of an error's body. A plain number is in the unit that the name says, else in seconds. */
function readField({ field, value }: SaidWait): number | undefined {
  const count = Number(value)
  if (value.trim() === '' || Number.isNaN(count)) return readHeader(value.trim())
  if (/m(?:illi_?second)?s$/i.test(field)) return count
  if (count > 1_000_000_000_000) return count - Date.now()
  if (count > 1_000_000_000) return count * 1_000 - Date.now()
  return count > SECONDS_MAX && !/s(?:ec|econds)?$/i.test(field) ? count : count * 1_000
}

function readWords(message: string): number | undefined {
  return readDuration(
    /(?:try again|retry|wait)(?: in| after| for)? ((?:\d+(?:\.\d+)? ?(?:ms|s|m|h)[a-z]{0,8} ?)+)/i.exec(message)?.[1],
  )
}

/** Parses "40s", "1m20.5s", "500ms" or "20 seconds" to ms. */
function readDuration(text: string | undefined): number | undefined {
  let ms = 0
  for (const [, count, unit = ''] of (text ?? '').matchAll(/(\d+(?:\.\d+)?) ?(ms|s|m|h)/gi))
    ms += Number(count) * (UNIT_MS[unit.toLowerCase()] ?? 0)
  return ms > 0 ? ms : undefined
}

/** A wait as people read it: "40 s", "3 min", "2 h". */
export function waitText(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1_000))
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`
}
