import { afterAll, expect, test } from 'vitest'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { dropOwnerConditions } from '#tests/support/people/walls.ts'

// Row-level security alone: everything that is tried with both walls up is tried with every owner
// condition made true.

const { changed, restore } = dropOwnerConditions()
afterAll(restore)

test('owner conditions are disabled in Prisma’s statements and in raw SQL', async () => {
  const ann = await signedIn()
  await withSystem('admin', (tx) =>
    tx.note.create({ data: { id: 'note_x', ownerId: ann.caller.userId, title: 't', body: 'b' } }),
  )
  const before = changed.size
  const nobody = { userId: ann.caller.userId }
  await withCaller(nobody, (tx) => tx.note.findMany({ where: { ownerId: nobody.userId, id: 'note_y' } }))
  await runStatementAs(
    nobody,
    Prisma.sql`SELECT 1 AS one FROM notes WHERE owner_id = ${nobody.userId} AND id = 'note_z'`,
  )
  expect(changed.size).toBe(before + 2)
  // A negated condition is true as well, so the row is not found.
  expect(await withCaller(nobody, (tx) => tx.note.count({ where: { NOT: { ownerId: nobody.userId } } }))).toBe(0)
})

afterAll(() => {
  expect(changed.size).toBeGreaterThan(30)
})

await import('#tests/data/tenancy.test.ts')
