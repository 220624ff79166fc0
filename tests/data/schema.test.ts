import pg from 'pg'
import { expect, test } from 'vitest'
import { diffSchema } from '#scripts/schema-diff.ts'

test('the migrations produce exactly prisma/schema.prisma', async () => {
  expect(await diffSchema(process.env.DATABASE_DIRECT_URL ?? '')).toBe('')
})

test('a difference is shown as SQL', async () => {
  const owner = new pg.Client({ connectionString: process.env.DATABASE_DIRECT_URL })
  await owner.connect()
  try {
    await owner.query('ALTER TABLE tasks DROP COLUMN due')
    expect(await diffSchema(process.env.DATABASE_DIRECT_URL ?? '')).toContain(
      'ALTER TABLE "tasks" ADD COLUMN     "due" TEXT',
    )
  } finally {
    await owner.end()
  }
})
