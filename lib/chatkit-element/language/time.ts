const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * A relative time in the locale's language: "now", "5 min. ago", "yesterday", and a date after a
 * week. Empty for an invalid time.
 */
export function toRelativeTime(iso: string, locale: string, now = Date.now()): string {
  const at = Date.parse(iso)
  if (Number.isNaN(at)) return ''
  const age = Math.max(0, now - at)
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' })
  if (age < MINUTE) return relative.format(0, 'second')
  if (age < HOUR) return relative.format(-Math.floor(age / MINUTE), 'minute')
  if (age < DAY) return relative.format(-Math.floor(age / HOUR), 'hour')
  if (age < 7 * DAY) return relative.format(-Math.floor(age / DAY), 'day')
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? undefined : 'numeric'
  return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year }).format(at)
}

/** The full local date and time, for hover; empty for an invalid time. */
export function toExactTime(iso: string, locale: string): string {
  const at = Date.parse(iso)
  return Number.isNaN(at) ? '' : new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' }).format(at)
}

/** The local time of day, as "14:05"; empty for an invalid time. */
export function toClockTime(iso: string, locale: string): string {
  const at = Date.parse(iso)
  return Number.isNaN(at) ? '' : new Intl.DateTimeFormat(locale, { timeStyle: 'short' }).format(at)
}

/**
 * A day by its name: "today", "yesterday", or its weekday and date in the locale's language. `day`
 * is its first moment in this machine's time zone (ms since 1970).
 */
export function toDayName(day: number, locale: string, now = Date.now()): string {
  const age = Math.round((new Date(now).setHours(0, 0, 0, 0) - day) / DAY)
  if (age === 0 || age === 1) return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-age, 'day')
  const year = new Date(day).getFullYear() === new Date(now).getFullYear() ? undefined : 'numeric'
  return new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', year }).format(day)
}

/**
 * A duration in seconds, rounded to whole ones, as "12 s" or "2 min 5 s" in the locale's language.
 */
export function toDuration(seconds: number, locale: string): string {
  const unit = (value: number, name: 'second' | 'minute') =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value)
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return unit(whole, 'second')
  const rest = whole % 60
  return rest ? `${unit(Math.floor(whole / 60), 'minute')} ${unit(rest, 'second')}` : unit(whole / 60, 'minute')
}

/** A duration in milliseconds as "0.4 s" in the locale's language. */
export function toSeconds(ms: number, locale: string): string {
  const format = {
    style: 'unit',
    unit: 'second',
    unitDisplay: 'short',
    maximumFractionDigits: ms < 10_000 ? 2 : 0,
  } as const
  return new Intl.NumberFormat(locale, format).format(ms / 1000)
}

/**
 * The group of the history that a chat belongs to, by calendar days in this machine's time zone.
 */
export function toAgeGroup(iso: string, now = Date.now()): 'today' | 'yesterday' | 'week' | 'month' | 'older' {
  const midnight = new Date(now).setHours(0, 0, 0, 0)
  const at = Date.parse(iso)
  if (at >= midnight) return 'today'
  if (at >= midnight - DAY) return 'yesterday'
  if (at >= midnight - 7 * DAY) return 'week'
  return at >= midnight - 30 * DAY ? 'month' : 'older'
}

/**
 * A size in bytes as "1 byte", "840 kB" or "2.5 MB" in the locale's language. A kB is 1,024 bytes,
 * as in servers' limits.
 */
export function toFileSize(bytes: number, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
  const step = Math.min(units.length - 1, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(1024)))
  // The short form of "byte" has no plural.
  const unitDisplay = step === 0 ? 'long' : 'short'
  const format = {
    style: 'unit',
    unit: units[step] ?? 'byte',
    unitDisplay,
    maximumFractionDigits: step < 2 ? 0 : 1,
  } as const
  return new Intl.NumberFormat(locale, format).format(bytes / 1024 ** step)
}

/** A fraction (0 to 1) as "45%" in the locale's language. */
export function toPercent(part: number, locale: string): string {
  return new Intl.NumberFormat(locale, { style: 'percent' }).format(part)
}
