import { expect, test } from 'vitest'
import { settleLostRequests } from '#lib/data/usage/model-requests.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'
import { signedIn } from '#tests/support/people/people.ts'

test('the lost requests of a person whose account is being deleted wait for that, and hold up nothing', async () => {
  const { person } = await signedIn()
  const id = newId('req')
  const row = { id, ownerId: person.id, purpose: 'answer', provider: 'p', model: 'm', inputTokens: 5 } as const
  await withSystem('usage', (tx) => tx.modelRequest.create({ data: { ...row, expiresAt: new Date(0) } }))
  const waiting = () =>
    withSystem(
      'admin',
      (tx) => tx.$queryRaw<{ pid: number }[]>`
        SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%input_cost_micros = NULL%'`,
    )
  let settling: Promise<number> | undefined
  await withSystem('usage', async (tx) => {
    await tx.$executeRaw`SELECT id FROM users WHERE id = ${person.id} FOR UPDATE`
    settling = settleLostRequests()
    settling.catch(() => undefined)
    await expect.poll(async () => (await waiting()).length).toBe(1)
    // What the deletion of a person does to their requests.
    await tx.$executeRaw`UPDATE model_requests SET owner_id = NULL WHERE id = ${id}`
  })
  await settling
  await settleLostRequests()
  expect(await withSystem('usage', (tx) => tx.modelRequest.findUnique({ where: { id } }))).toMatchObject({
    outcome: 'lost',
    ownerId: null,
  })
})
