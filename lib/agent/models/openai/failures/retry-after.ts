/** The longest wait (ms) that is believed: 31 days, the longest period of a quota. */
const BELIEVED_MAX_MS = 31 * 24 * 3_600_000
const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/**
 * How long (ms) a server wants us to wait: from `retry-after-ms`, `Retry-After` in seconds, as a
 * date or as "1m30s", Gemini's `retryDelay`, or words such as "try again in 1m20.5s". Undefined if
 * it does not say, or if the time has passed or is more than 31 days away.
 */
export function readRetryAfter(
  headers: Headers,
  { message = '', retryDelay }: { message?: string; retryDelay?: string } = {},
): number | undefined {
  const exact = Number(headers.get('retry-after-ms') ?? Number.NaN)
  if (exact > 0) return toBelievable(exact)
  const header = headers.get('retry-after')?.trim()
  if (header) return toBelievable(readHeader(header))
  return toBelievable(readBody(message, retryDelay))
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

function readBody(message: string, retryDelay: string | undefined): number | undefined {
  return readDuration(
    retryDelay ??
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
