import type { Translate } from '#lib/platform/language/translate.ts'

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

/** "just now", "5 minutes ago", "yesterday", "in 3 days". `now` is in milliseconds. */
export function toRelativeTime(at: Date, now: number, t: Translate): string {
  const seconds = (at.getTime() - now) / 1000
  for (const [unit, size] of STEPS)
    if (Math.abs(seconds) >= size)
      return new Intl.RelativeTimeFormat(t.locale, { numeric: 'auto' }).format(Math.trunc(seconds / size), unit)
  return seconds <= 0 ? t('just now') : t('in a moment')
}

/**
 * The current time for showing a moment. `now` may be up to 30 s behind; a moment that has just
 * passed must not appear to be in the future.
 */
export function chooseClock(moment: number, now: number): number {
  return moment - now < 60_000 ? Math.max(moment, now) : now
}

/** "27 November 2026, 15:04:05 UTC", in the given zone or the reader's own. */
export function toExactTime(at: Date, locale: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(locale, {
    dateStyle: undefined,
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
    timeZone,
  }).format(at)
}

/** "840 ms", "1.2 s", "2 min 5 s"; a dash if unknown. */
export function toDurationText(milliseconds: number | null | undefined, locale = 'en-GB'): string {
  if (milliseconds === null || milliseconds === undefined) return '–'
  if (milliseconds < 1000) return `${toCountText(Math.round(milliseconds), locale)} ms`
  if (milliseconds < 60_000) return `${toTenths(milliseconds / 1000, locale)} s`
  const seconds = Math.round(milliseconds / 1000)
  return `${toCountText(Math.floor(seconds / 60), locale)} min ${toCountText(seconds % 60, locale)} s`
}

/** "1,204" and "3.4 MB": numbers as people read them. */
export const toCountText = (count: number | bigint, locale = 'en-GB') => count.toLocaleString(locale)
export function toBytesText(bytes: number | null | undefined, locale = 'en-GB'): string {
  if (bytes === null || bytes === undefined) return '–'
  if (bytes < 1024) return `${toCountText(bytes, locale)} B`
  if (bytes < 1024 * 1024) return `${toTenths(bytes / 1024, locale)} kB`
  return `${toTenths(bytes / 1024 / 1024, locale)} MB`
}

const toTenths = (amount: number, locale: string) =>
  amount.toLocaleString(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
