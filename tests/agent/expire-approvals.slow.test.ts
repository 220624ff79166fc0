import pg from 'pg'
import { expect, test } from 'vitest'
import { expireApprovals } from '#lib/agent/approvals/expire-approvals.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { signedIn } from '#tests/support/people/people.ts'

/** Parked runs of this person, each with an approval that has expired. */
async function insertExpired(ownerId: string, count: number): Promise<void> {
  const store = createPrismaStore({ userId: ownerId })
  const threadId = store.newThreadId()
  await store.saveThread({
    id: threadId,
    created_at: new Date().toISOString(),
    status: { type: 'active' },
    metadata: {},
  })
  const ids = Array.from({ length: count }, (_, index) => `run_${ownerId}_${index}`)
  await withCaller({ userId: ownerId }, async (tx) => {
    await tx.run.createMany({
      data: ids.map((id) => ({ id, ownerId, threadId, requestId: id, operation: 'message', status: 'done' as const })),
    })
    await tx.approval.createMany({
      data: ids.map((runId) => ({
        ...{
          id: `apr_${runId}`,
          runId,
          ownerId,
          threadId,
          callId: `call_${runId}`,
          server: 's',
          tool: 't',
          toolHash: 'h',
        },
        ...{ itemId: `item_${runId}`, keptId: `kept_${runId}`, expiresAt: new Date(Date.now() - 1_000) },
      })),
    })
  })
}

const pending = () => withSystem('expiry', (tx) => tx.approval.count({ where: { status: 'pending' } }))

test('one look ends more than one batch of expired approvals', { timeout: 60_000 }, async () => {
  const { caller } = await signedIn()
  await insertExpired(caller.userId, 503)
  expect(await expireApprovals()).toBe(503)
  expect(await pending()).toBe(0)
})

test('a run that cannot be ended does not hold up the others', async () => {
  const { caller } = await signedIn()
  await insertExpired(caller.userId, 3)
  const owner = new pg.Client({ connectionString: process.env.DATABASE_DIRECT_URL })
  await owner.connect()
  try {
    await owner.query(
      `CREATE FUNCTION no_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$`,
    )
    await owner.query(
      "CREATE TRIGGER no_end BEFORE UPDATE ON approvals FOR EACH ROW WHEN (NEW.run_id LIKE '%_0') EXECUTE FUNCTION no_end()",
    )
    expect(await expireApprovals()).toBe(2)
    expect(await pending()).toBe(1)
  } finally {
    await owner.query('DROP TRIGGER IF EXISTS no_end ON approvals')
    await owner.query('DROP FUNCTION no_end')
    await owner.end()
  }
  expect(await expireApprovals(), 'the next look ends it').toBe(1)
})
