/** A server that names a longer time (ms) is not believed: 31 days, the longest period of a quota. */
const BELIEVED_MAX_MS = 31 * 24 * 3_600_000
const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/**
 * After how long (ms) a server wants to be asked again: `retry-after-ms`, `Retry-After` in seconds, as a date or as "1m30s", Gemini's `retryDelay`,
 * or words such as "try again in 1m20.5s". Undefined if it does not say, or names a time that has passed.
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

// A proxy that adds the header once more joins both with a comma, which a date has after its day alone.
function readHeader(header: string): number | undefined {
  const [first = ''] = /^\d/.test(header) ? header.split(',') : [header]
  const count = Number(first)
  // So large a number is a point in time, in seconds since 1970.
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

/** "40s", "1m20.5s", "500ms", "20 seconds". */
function readDuration(text: string | undefined): number | undefined {
  let ms = 0
  for (const [, count, unit = ''] of (text ?? '').matchAll(/(\d+(?:\.\d+)?) ?(ms|s|m|h)/gi))
    ms += Number(count) * (UNIT_MS[unit.toLowerCase()] ?? 0)
  return ms > 0 ? ms : undefined
}

/** A time to wait as a person reads it: "40 s", "3 min", "2 h". */
export function waitText(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1_000))
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`
}
