import { expect, test } from 'vitest'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { dropRowLevelSecurity } from '#tests/support/people/walls.ts'

// The owner conditions alone: everything that is tried with both walls up is tried with row-level
// security off.

await dropRowLevelSecurity()

test('without row-level security a query without an owner condition reads another person’s rows', async () => {
  const [ann, bob] = [await signedIn(), await signedIn()]
  await withSystem('admin', (tx) =>
    tx.note.create({ data: { id: 'note_x', ownerId: ann.caller.userId, title: 't', body: 'b' } }),
  )
  expect(await withCaller(bob.caller, (tx) => tx.note.count({ where: { id: 'note_x' } }))).toBe(1)
})

await import('#tests/data/tenancy.test.ts')
