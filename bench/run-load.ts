// npm run bench runs: what durable runs cost: log, attach, delays, bytes and long lists. Runs in
// one process, on its own PostgreSQL.
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { NumberedEvent, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { migrate } from '#scripts/migrate.ts'
import { startEmbeddedPostgres } from '#scripts/postgres/embedded-postgres.ts'

const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-bench-'))
const database = await startEmbeddedPostgres(folder)
Object.assign(process.env, {
  APP_URL: 'http://127.0.0.1:3999',
  APP_SECRET: database.appSecret,
  DATABASE_URL: database.appUrl,
  LOG_LEVEL: 'silent',
})
await migrate({ ownerUrl: database.ownerUrl, appUrl: database.appUrl })
// Imported late, because these modules read the settings above.
const { closeDb, withSystem } = await import('#lib/platform/db/db.ts')
const { closeNotify } = await import('#lib/platform/db/notify.ts')
const { createPrismaStore } = await import('#lib/data/chat/chatkit-store.ts')
const { followRun } = await import('#lib/runs/follow-run.ts')
const { EventLog } = await import('#lib/runs/event-log.ts')
const { launchRun } = await import('#lib/runs/launch-run.ts')
const { insertRun } = await import('#lib/data/runs/insert-run.ts')
const { newId } = await import('#lib/platform/ids.ts')
const owner = new pg.Client({ connectionString: database.superuserUrl.replace(/\/postgres\?/, '/switchboard?') })
await owner.connect()
const ownerId = newId('usr')

try {
  await withSystem('sign-in', (tx) =>
    tx.user.create({ data: { id: ownerId, email: 'bench@example.com', name: 'Bench' } }),
  )
  await flood()
  await delays()
  await longLists()
} finally {
  await owner.end()
  await Promise.all([closeDb(), closeNotify()])
  await database.stop()
  await rm(folder, { recursive: true, force: true })
}
process.exit()

function say(value: number, unit: string, what: string): void {
  console.log(`${value.toFixed(value < 100 ? 2 : 0).padStart(10)} ${unit.padEnd(9)} ${what}`)
}

function delta(text: string): ThreadStreamEvent {
  return {
    type: 'thread.item.updated',
    item_id: 'msg_bench',
    update: { type: 'assistant_message.content_part.text_delta', content_index: 0, delta: text },
  }
}

async function begin(produce: () => AsyncGenerator<ThreadStreamEvent>) {
  const run = { id: newId('run'), ownerId, threadId: newId('thr') }
  await insertRun(
    { ...run, sessionVersion: 1, operation: 'bench', requestId: 'bench' },
    { atOnce: 100_000, perMinute: 100_000 },
  )
  return launchRun(run, produce)
}

/** One run at full speed, read live, and followed as another process would. */
async function flood(): Promise<void> {
  const count = 20_000
  const run = await begin(async function* () {
    for (let n = 0; n < count; n += 1) {
      yield delta(`word${n} `)
      if (n % 100 === 0) await sleep(0)
    }
  })
  const rate = async (events: AsyncGenerator<NumberedEvent, boolean>) => {
    const began = performance.now()
    let last = 0
    for await (const { seq } of events) last = seq ?? last
    return (last / (performance.now() - began)) * 1000
  }
  const [live, followed] = await Promise.all([rate(run.log.read()), rate(followRun(run.id, 0))])
  await run.ended
  say(live, 'events/s', 'one run, read where it runs')
  say(followed, 'events/s', 'the same run, followed through the database')
  say(await rate(followRun(run.id, 0)), 'events/s', 'the same run, attached to after its end')
}

/**
 * 50 concurrent answers of 50 tokens per second: how late a token is, and how much of them remains
 * in the database.
 */
async function delays(): Promise<void> {
  const [runs, tokens, pace] = [50, 100, 20]
  const speak = async function* () {
    for (let n = 0; n < tokens; n += 1) {
      await sleep(pace)
      yield delta(`${performance.now()} `)
    }
  }
  const late = async (events: AsyncGenerator<NumberedEvent, boolean>, into: number[]) => {
    for await (const { event } of events) {
      const now = performance.now()
      if ('update' in event && 'delta' in event.update)
        for (const at of event.update.delta.trim().split(' ')) into.push(now - Number(at))
    }
  }
  const bare: number[] = []
  await Promise.all(
    Array.from({ length: runs }, async () => {
      const log = new EventLog()
      const reading = late(log.read(), bare)
      for await (const event of speak()) log.append(event)
      log.end()
      await reading
    }),
  )
  const before = await size()
  const [live, followed]: [number[], number[]] = [[], []]
  await Promise.all(
    Array.from({ length: runs }, async () => {
      const run = await begin(speak)
      await Promise.all([late(run.log.read(), live), late(followRun(run.id, 0), followed), run.ended])
    }),
  )
  for (const [what, values] of [
    ['without the database', bare],
    ['with it, read where it runs', live],
    ['with it, followed from elsewhere', followed],
  ] as const) {
    values.sort((a, b) => a - b)
    say(values[Math.floor(values.length * 0.5)] ?? Number.NaN, 'ms', `delay of a token, p50, ${what}`)
    say(values[Math.floor(values.length * 0.99)] ?? Number.NaN, 'ms', `delay of a token, p99, ${what}`)
  }
  say(((await size()) - before) / runs, 'bytes', `of the log a turn of ${tokens} tokens, indexes included`)
}

async function size(): Promise<number> {
  const { rows } = await owner.query(`SELECT pg_total_relation_size('run_events') AS bytes`)
  return Number(rows[0].bytes)
}

async function longLists(): Promise<void> {
  await owner.query(`INSERT INTO threads (id, owner_id) SELECT 'thr_' || n, $1 FROM generate_series(1, 100000) n`, [
    ownerId,
  ])
  const item = `jsonb_build_object('id', 'msg_' || n, 'type', 'user_message', 'thread_id', 'thr_77', 'created_at', now(), 'content', '[]'::jsonb)`
  await owner.query(
    `INSERT INTO thread_items (thread_id, id, owner_id, type, data) SELECT 'thr_77', 'msg_' || n, $1, 'user_message', ${item} FROM generate_series(1, 5000) n`,
    [ownerId],
  )
  await owner.query('ANALYZE')
  const store = createPrismaStore({ userId: ownerId })
  const median = async (work: () => Promise<unknown>) => {
    const times: number[] = []
    for (let round = 0; round < 30; round += 1) {
      const began = performance.now()
      await work()
      times.push(performance.now() - began)
    }
    return times.sort((a, b) => a - b)[15] ?? Number.NaN
  }
  say(await median(() => store.listThreads({ limit: 20, order: 'desc' })), 'ms', 'the newest 20 of 100,000 threads')
  say(
    await median(() => store.listThreads({ limit: 20, order: 'desc', after: 'thr_50000' })),
    'ms',
    '20 from their middle',
  )
  const openThread = async () => {
    await store.loadThread('thr_77')
    await store.listItems('thr_77', { limit: 50, order: 'desc', visible: true })
  }
  say(await median(openThread), 'ms', 'one with 5,000 items opened')
}
