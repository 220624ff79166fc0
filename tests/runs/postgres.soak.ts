import { test } from 'vitest'
import { outage, startFaulty } from '#tests/support/processes/postgres-away.ts'

const ROUNDS = Number(process.env.SOAK_ROUNDS) || 50

test(`${ROUNDS} rounds of PostgreSQL stopped for 5 s during 20 runs`, async () => {
  await using faulty = await startFaulty()
  for (let n = 0; n < ROUNDS; n += 1) await outage(faulty, 5_000)
})
