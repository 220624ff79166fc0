import { expect, test } from 'vitest'
import { db, withCaller, withSystem } from '#lib/platform/db/db.ts'

test('a person sees their own rows, the system sees all, and a connection without a caller sees none', async () => {
  await withSystem('sign-in', (tx) =>
    tx.user.createMany({ data: ['a', 'b'].map((id) => ({ id, email: `${id}@example.com`, name: id })) }),
  )
  await withCaller({ userId: 'a' }, (tx) =>
    tx.note.create({ data: { id: 'n1', ownerId: 'a', title: 'door', body: 'code 1' } }),
  )
  expect(await withCaller({ userId: 'b' }, (tx) => tx.note.findMany())).toEqual([])
  expect(await db().note.findMany()).toEqual([])
  expect(await withSystem('admin', (tx) => tx.note.count())).toBe(1)
})

test('a row for another person cannot be written', async () => {
  await expect(
    withCaller({ userId: 'b' }, (tx) => tx.note.create({ data: { id: 'n2', ownerId: 'a', title: '', body: '' } })),
  ).rejects.toThrow(/row-level security/)
})
