// npm run bench admin [calls]: what the admin's lists, counts and overview cost on a seeded quarter, beside the plain
// query for the same rows. Runs in one process, on its own PostgreSQL.
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { migrate } from '#scripts/migrate.ts'
import { startEmbeddedPostgres } from '#scripts/postgres/embedded-postgres.ts'
import { seedDatabase } from '#scripts/seed/seed-database.ts'

const CALLS = Number(process.argv[3] ?? 100_000)
const ROUNDS = 15
const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-bench-'))
const database = await startEmbeddedPostgres(folder, { durable: false })
Object.assign(process.env, {
  APP_URL: 'http://127.0.0.1:3999',
  APP_SECRET: database.appSecret,
  DATABASE_URL: database.appUrl,
  LOG_LEVEL: 'silent',
})
await migrate({ ownerUrl: database.ownerUrl, appUrl: database.appUrl })
// Imported late, because these modules read the settings above.
const { closeDb, runSystemStatement } = await import('#lib/platform/db/db.ts')
const { Prisma } = await import('#lib/generated/prisma/client.ts')
const { countToolCalls, limitSearch, listToolCalls } = await import('#lib/data/runs/tool-calls.ts')
const { countRuns, listRuns } = await import('#lib/data/runs/run-list.ts')
const overview = await import('#lib/data/runs/overview/read-overview.ts')
const { readProblems } = await import('#lib/data/runs/overview/read-problems.ts')
const owner = new pg.Client({ connectionString: database.superuserUrl.replace(/\/postgres\?/, '/switchboard?') })
await owner.connect()

try {
  await seedDatabase(database.appUrl, CALLS)
  await owner.query('VACUUM ANALYZE')
  await compareAll()
} finally {
  await Promise.all([owner.end(), closeDb()])
  await database.stop()
  await rm(folder, { recursive: true, force: true })
}
process.exit()

type Work = () => Promise<unknown>

async function compareAll(): Promise<void> {
  const admin = { admin: true } as const
  const ago = (days: number) => new Date(Date.now() - days * 86_400_000)
  const span = (days: number) => ({ since: ago(days), until: new Date() })
  // In the same transaction and under the same row-level security.
  const plain = (text: string) => () => runSystemStatement('admin', Prisma.raw(text))
  const LIST =
    'SELECT c.id, server, tool, status, started_at, duration_ms, u.name FROM tool_calls c JOIN users u ON u.id = c.owner_id'
  const BY_TIME = 'ORDER BY started_at DESC, c.id DESC LIMIT 51'
  const since = (days: number) => `started_at >= now() - interval '${days} days'`
  const person = "owner_id IN (SELECT id FROM users WHERE name ILIKE '%Hana Ito%')"
  const words = "(arguments::text ILIKE '%invoices%' AND (arguments::text ILIKE '%777%' OR result::text ILIKE '%777%'))"
  const cases: [string, Work, Work][] = [
    ['calls, newest', () => listToolCalls(admin), plain(`${LIST} ${BY_TIME}`)],
    ['calls, counted', () => countToolCalls(admin, {}), plain('SELECT count(*), sum(duration_ms) FROM tool_calls')],
    [
      'calls of a week, counted',
      () => countToolCalls(admin, { since: ago(7) }),
      plain(`SELECT count(*), sum(duration_ms) FROM tool_calls WHERE ${since(7)}`),
    ],
    [
      'calls of a person',
      () => listToolCalls(admin, { person: 'Hana Ito' }),
      plain(`${LIST} WHERE ${person} ${BY_TIME}`),
    ],
    [
      'calls of a person, counted',
      () => countToolCalls(admin, { person: 'Hana Ito' }),
      plain(`SELECT count(*), sum(duration_ms) FROM tool_calls WHERE ${person}`),
    ],
    [
      'calls of a server that failed',
      () => listToolCalls(admin, { server: 'crm', status: 'failed' }),
      plain(`${LIST} WHERE server = 'crm' AND status = 'failed' ${BY_TIME}`),
    ],
    [
      'calls, slowest of a week',
      () => listToolCalls(admin, { sort: 'slowest', since: ago(7) }),
      plain(`${LIST} WHERE ${since(7)} ORDER BY coalesce(duration_ms, -1) DESC, c.id DESC LIMIT 51`),
    ],
    [
      'calls with words, of a month',
      async () => listToolCalls(admin, (await limitSearch(admin, { search: 'invoices 777', since: ago(30) })).filter),
      plain(`${LIST} WHERE ${since(30)} AND ${words} ${BY_TIME}`),
    ],
    [
      'runs, newest',
      () => listRuns(),
      plain(
        'SELECT r.*, u.name, (SELECT count(*) FROM tool_calls WHERE run_id = r.id) FROM runs r JOIN users u ON u.id = r.owner_id ORDER BY r.created_at DESC, r.id DESC LIMIT 51',
      ),
    ],
    [
      'runs, counted',
      () => countRuns({}),
      plain(
        'SELECT count(*), sum(input_tokens), (SELECT sum(cost_micros) FROM model_requests WHERE run_id IS NOT NULL) FROM runs',
      ),
    ],
    ...[1, 30, 90].map((days): [string, Work, Work] => [
      `overview of ${days} days`,
      () => readAll(span(days)),
      plain(
        `SELECT count(*), percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) FROM tool_calls WHERE ${since(days * 2)}`,
      ),
    ]),
    ['what is broken', () => readProblems(new Date()), plain(`SELECT count(*) FROM tool_calls WHERE ${since(1)}`)],
  ]
  if (process.env.EXPLAIN)
    console.log(
      (await runSystemStatement('admin', Prisma.raw(process.env.EXPLAIN))).map((r) => Object.values(r)[0]).join('\n'),
    )
  console.log(`${CALLS} calls; p95 of ${ROUNDS} rounds, and its ratio to the plain query`)
  for (const [name, ours, query] of cases) {
    const [one, other] = [await p95(ours), await p95(query)]
    console.log(`${one.toFixed(1).padStart(9)} ms  ${(one / other).toFixed(2).padStart(6)}  ${name}`)
  }
}

/** What the overview reads, but for the health. */
function readAll(span: { since: Date; until: Date }): Promise<unknown> {
  const length = span.until.getTime() - span.since.getTime()
  const before = { since: new Date(span.since.getTime() - length), until: span.since }
  return Promise.all([
    overview.readCallFigures(span),
    overview.readCallFigures(before),
    overview.readRunFigures(span),
    overview.readRunFigures(before),
    overview.countActivePeople(span),
    overview.readBuckets(span, Math.ceil(length / 30_000)),
    overview.listCallFailures(span),
    overview.listRunFailures(span),
    overview.groupCalls(span, 'tool'),
  ])
}

async function p95(work: Work): Promise<number> {
  const times: number[] = []
  for (let round = -2; round < ROUNDS; round += 1) {
    const began = performance.now()
    await work()
    if (round >= 0) times.push(performance.now() - began)
  }
  return times.toSorted((a, b) => a - b)[Math.floor(ROUNDS * 0.95)] ?? Number.NaN
}
