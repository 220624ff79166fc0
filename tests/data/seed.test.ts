import { expect, test } from 'vitest'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { seedDatabase } from '#scripts/seed/seed-database.ts'

test('a seeded quarter has runs, calls and failures of many people, each seen by its owner alone', async () => {
  const { calls, runs } = await seedDatabase(env().DATABASE_URL, 2_000)
  const kinds = await withSystem('admin', async (tx) => {
    expect(await tx.run.count()).toBe(runs)
    expect(await tx.modelRequest.count()).toBe(runs * 2)
    return tx.toolCall.groupBy({ by: ['status'], _count: true })
  })
  expect(kinds.reduce((sum, { _count }) => sum + _count, 0)).toBe(calls)
  expect(kinds.map(({ status }) => status)).toEqual(expect.arrayContaining(['succeeded', 'failed', 'declined']))
  const [newest] = (await listToolCalls({ admin: true }, { limit: 1 })).data
  const owner = { userId: newest?.ownerId ?? '' }
  const own = await withCaller(owner, (tx) => tx.toolCall.groupBy({ by: ['ownerId'] }))
  expect(own).toEqual([{ ownerId: owner.userId }])
  const oldest = await withSystem('admin', (tx) => tx.run.findFirst({ orderBy: { createdAt: 'asc' } }))
  expect(Date.now() - (oldest?.createdAt.getTime() ?? 0)).toBeGreaterThan(60 * 86_400_000)
  await expect(seedDatabase(env().DATABASE_URL, 10)).rejects.toThrow('This database was seeded before.')
})
