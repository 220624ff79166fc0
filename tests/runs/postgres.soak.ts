import { test } from 'vitest'
import { outage, startFaulty } from '#tests/support/processes/postgres-away.ts'

const ROUNDS = Number(process.env.SOAK_ROUNDS) || 50

test(`20 runs survive ${ROUNDS} PostgreSQL outages of 5 s`, async () => {
  await using faulty = await startFaulty()
  for (let n = 0; n < ROUNDS; n += 1) await outage(faulty, 5_000)
})
