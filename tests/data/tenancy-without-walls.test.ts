import { expect, onTestFinished, test } from 'vitest'
import { listPersonalTokens } from '#lib/data/people/personal-tokens.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { dropOwnerConditions, dropRowLevelSecurity } from '#tests/support/people/walls.ts'

// Without either wall the product leaks, so the attacks of tests/data/tenancy-by-*.test.ts would be
// seen.

test('with both walls down one person reads and changes another’s rows', async () => {
  const [ann, bob] = [await signedIn(), await signedIn()]
  await personalToken(ann.caller)
  expect((await listPersonalTokens(bob.caller)).data).toEqual([])
  await dropRowLevelSecurity()
  expect((await listPersonalTokens(bob.caller)).data).toEqual([])
  const { changed, restore } = dropOwnerConditions()
  onTestFinished(restore)
  expect((await listPersonalTokens(bob.caller)).data).toHaveLength(1)
  const where = { ownerId: bob.caller.userId }
  expect(
    await withCaller(bob.caller, (tx) => tx.personalToken.updateMany({ where, data: { revokedAt: new Date() } })),
  ).toEqual({
    count: 1,
  })
  expect(changed.size).toBeGreaterThan(0)
})
