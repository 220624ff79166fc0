import { AppError } from '#lib/platform/errors.ts'

// Making a format costs more than using it. There are about 600 zones, but their names can also
// differ in case, so the memo is bounded.
const formats = new Map<string, Intl.DateTimeFormat>()
const FORMATS_MAX = 1_000

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'longOffset',
  })
  if (formats.size >= FORMATS_MAX) formats.clear()
  formats.set(timeZone, format)
  return format
}

/**
 * Formats a moment as ISO 8601 in `timeZone` (an IANA name), to the second:
 * "2026-11-27T15:00:00+01:00".
 */
export function toLocalTime(moment: Date, timeZone: string): string {
  const part = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(moment)
      .map(({ type, value }) => [type, value]),
  )
  const offset = part.timeZoneName?.slice('GMT'.length) || '+00:00'
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}${offset}`
}

const DUE = /^((?:19|20|21)\d\d-\d\d-\d\d)(?:[T ]((?:[01]\d|2[0-3]):[0-5]\d)(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/i

/**
 * Converts a due date to the person's wall clock, "2026-11-27" or "2026-11-27T15:00". A time with
 * an offset is converted to `timeZone`; seconds are dropped. Throws bad_request for anything that
 * is not a date between 1900 and 2199.
 */
export function toWallClock(text: string, timeZone: string): string {
  const [, day = '', time, offset] = DUE.exec(text.trim()) ?? []
  const moment = new Date(`${day}T${time ?? '00:00'}:00${offset?.toUpperCase() ?? 'Z'}`)
  const exists = !Number.isNaN(moment.getTime()) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)
  if (!exists) {
    throw new AppError(
      'bad_request',
      `"${text.slice(0, 40)}" is no date. Write a day as 2026-11-27, or a time as 2026-11-27T15:00.`,
    )
  }
  if (!time) return day
  return offset ? toLocalTime(moment, timeZone).slice(0, 16) : `${day}T${time}`
}
