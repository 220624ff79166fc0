import { expect, test } from 'vitest'
import { rememberLocale } from '#lib/data/people/profile.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { signedIn } from '#tests/support/people/people.ts'

test('a message that brings the same time zone and language writes no row; another one does', async () => {
  const { caller } = await signedIn()
  const read = async () => {
    const [row] = await withCaller(
      caller,
      (tx) => tx.$queryRaw<{ version: string; zone: string; locale: string }[]>`
        SELECT xmin::text AS version, time_zone AS zone, locale FROM users WHERE id = ${caller.userId}`,
    )
    return row
  }
  await rememberLocale(caller, { timeZone: 'Asia/Tokyo', locale: 'ja' })
  const first = await read()
  expect(first).toMatchObject({ zone: 'Asia/Tokyo', locale: 'ja' })
  await rememberLocale(caller, { timeZone: 'Asia/Tokyo', locale: 'ja' })
  await rememberLocale(caller, { timeZone: 'Nowhere/None', locale: 'ja' })
  expect(await read()).toEqual(first)
  await rememberLocale(caller, { locale: 'de' })
  expect(await read()).toMatchObject({ zone: 'Asia/Tokyo', locale: 'de' })
})
