import { Prisma } from '#lib/generated/prisma/client.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { runStatementAs, withCaller } from '#lib/platform/db/db.ts'
import { AppError } from '#lib/platform/errors.ts'
import type { Language } from '#lib/platform/language/languages.ts'

/**
 * Changes the person's name and time zone, and the language if one is given (null: what the browser
 * prefers). Throws bad_request for an unknown time zone.
 */
export async function updateProfile(
  caller: { userId: string },
  { name, timeZone, language }: { name: string; timeZone: string | null; language?: Language | null },
): Promise<void> {
  if (timeZone !== null && !isTimeZone(timeZone))
    throw new AppError('bad_request', 'This time zone does not exist. Choose one like Europe/Berlin.')
  await withCaller(caller, (tx) =>
    tx.user.updateMany({ where: { id: caller.userId }, data: { name, timeZone, language } }),
  )
}

/**
 * Stores the time zone and locale that the person's browser reports. Unknown values are ignored.
 */
export async function rememberLocale(
  caller: Caller,
  told: { timeZone?: string | null; locale?: string | null },
): Promise<void> {
  const timeZone = isTimeZone(told.timeZone) ? told.timeZone : null
  const locale = isLocale(told.locale) ? told.locale : null
  if (timeZone === null && locale === null) return
  // Every message brings them, and they hardly ever change: then no row is written.
  const now = Prisma.sql`coalesce(${timeZone}::text, time_zone), coalesce(${locale}::text, locale)`
  await runStatementAs(
    caller,
    Prisma.sql`
      UPDATE users SET (time_zone, locale) = (${now})
      WHERE id = ${caller.userId} AND (time_zone, locale) IS DISTINCT FROM (${now})`,
  )
}

function isTimeZone(name: string | null | undefined): name is string {
  if (!name || name.length > 64) return false
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}

function isLocale(tag: string | null | undefined): tag is string {
  if (!tag || tag.length > 35) return false
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}
