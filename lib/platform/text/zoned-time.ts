const LOCAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/

/**
 * The instant ("2026-11-29T14:00:00.000Z") of a wall clock ("2026-11-29T15:00") in a time zone.
 * Undefined for any other text. Of an hour that occurs twice it is the first, and one that is left
 * out is moved.
 */
export function toInstant(local: string, timeZone: string): string | undefined {
  const asUtc = LOCAL.test(local) ? Date.parse(`${local}Z`) : Number.NaN
  if (Number.isNaN(asUtc)) return undefined
  // The offset depends on the instant, so a first guess is corrected once.
  const guess = asUtc - offsetAt(asUtc, timeZone)
  return new Date(asUtc - offsetAt(guess, timeZone)).toISOString()
}

/** The wall clock ("2026-11-29T15:00") of an instant in a time zone. Undefined if it is no time. */
export function toLocalTime(instant: string, timeZone: string): string | undefined {
  const at = Date.parse(instant)
  return Number.isNaN(at) ? undefined : clockAt(at, timeZone).slice(0, 16)
}

/** How far (ms) the clocks of a time zone are ahead of UTC at an instant (ms). */
function offsetAt(at: number, timeZone: string): number {
  return Date.parse(`${clockAt(at, timeZone)}Z`) - Math.floor(at / 1_000) * 1_000
}

function clockAt(at: number, timeZone: string): string {
  // Swedish writes times as ISO 8601 does.
  return new Date(at).toLocaleString('sv-SE', { timeZone }).replace(' ', 'T')
}
