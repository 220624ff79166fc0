const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/**
 * After how long (ms) a server wants to be asked again: `retry-after-ms`, `Retry-After` in seconds or as a date, Gemini's `retryDelay`,
 * or words such as "try again in 1m20.5s". Undefined if it does not say, or names a time that has passed.
 */
export function readRetryAfter(
  headers: Headers,
  { message = '', retryDelay }: { message?: string; retryDelay?: string } = {},
): number | undefined {
  const exact = Number(headers.get('retry-after-ms') ?? Number.NaN)
  if (exact > 0) return exact
  const header = headers.get('retry-after')?.trim()
  if (header) {
    const seconds = Number(header)
    const ms = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1_000
    return ms > 0 ? ms : undefined
  }
  return readDuration(retryDelay ?? /(?:try again|retry) (?:in|after) ((?:\d+(?:\.\d+)? ?(?:ms|s|m|h)[a-z]{0,8} ?)+)/i.exec(message)?.[1])
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
