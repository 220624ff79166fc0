import { expect, test, vi } from 'vitest'
import { withSystem } from '#lib/platform/db/db.ts'
import { closeNotify, isListening, listen, notify } from '#lib/platform/db/notify.ts'
import { env } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'
import { watchChanges } from '#lib/platform/process/watch-changes.ts'
import { hasPooler, startPooler } from '#tests/support/processes/pooler.ts'
import { withSettings } from '#tests/support/settings.ts'

/** Listens anew with the current settings. `heard` has what arrived. */
function listenNow() {
  const heard: string[] = []
  const warned = vi.spyOn(log, 'warn')
  listen('pooler_test', { heard: (payload) => heard.push(payload), missed: () => {} })
  return { heard, warned }
}

test.runIf(hasPooler)('a transaction pooler that swallows LISTEN is noticed and said, and pages poll', async () => {
  await closeNotify()
  withSettings({ DATABASE_URL: await startPooler(env().DATABASE_URL, 'transaction') })
  const { warned, heard } = listenNow()
  expect(await isListening()).toBe(false)
  await notify('pooler_test', ['lost'])
  expect(heard).toEqual([])
  expect(warned.mock.calls.map(([text]) => text)).toEqual([expect.stringMatching(/pooler.*Set DATABASE_LISTEN_URL to/)])
  const left = new AbortController()
  const hint = await watchChanges(left.signal).next()
  expect(hint.value, 'a page is told at intervals').toMatchObject({ event: { type: 'changed' } })
  left.abort()
  await closeNotify()
})

test.runIf(hasPooler)(
  'the direct address in DATABASE_LISTEN_URL hears, while queries go through the pooler',
  async () => {
    await closeNotify()
    const direct = env().DATABASE_URL
    withSettings({ DATABASE_URL: await startPooler(direct, 'transaction'), DATABASE_LISTEN_URL: direct })
    const { warned, heard } = listenNow()
    expect(await isListening()).toBe(true)
    await notify('pooler_test', ['arrives'])
    await expect.poll(() => heard).toEqual(['arrives'])
    expect(warned).not.toHaveBeenCalled()
    expect(await withSystem('admin', (tx) => tx.user.count())).toBe(0)
    await closeNotify()
  },
)

test.runIf(hasPooler)('a session pooler passes messages on', async () => {
  await closeNotify()
  withSettings({ DATABASE_URL: await startPooler(env().DATABASE_URL, 'session') })
  const { heard } = listenNow()
  expect(await isListening()).toBe(true)
  await notify('pooler_test', ['arrives'])
  await expect.poll(() => heard).toEqual(['arrives'])
  await closeNotify()
})
