import { beforeAll, expect, test } from 'vitest'
import {
  countActivePeople,
  groupCalls,
  listCallFailures,
  listRunFailures,
  readBuckets,
  readCallFigures,
  readRunFigures,
} from '#lib/data/runs/overview/read-overview.ts'
import { readProblems } from '#lib/data/runs/overview/read-problems.ts'
import { listRuns } from '#lib/data/runs/run-list.ts'
import { withSystem } from '#lib/platform/db/db.ts'

const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000)

const week = () => ({ since: ago(24 * 7), until: ago(-1) })
const day = () => ({ since: ago(24), until: ago(-1) })

type Call = {
  tool: string
  server?: string
  status?: 'succeeded' | 'failed' | 'declined' | 'cancelled' | 'unknown' | 'pending'
  ms?: number
  at: Date
}

beforeAll(async () => {
  const calls: Call[] = [
    { tool: 'add_task', ms: 10, at: ago(0) },
    { tool: 'add_task', ms: 30, at: ago(0) },
    { tool: 'add_task', status: 'failed', ms: 60_000, at: ago(30) },
    { tool: 'search', server: 'elsewhere', status: 'unknown', at: ago(48) },
    { tool: 'search', server: 'elsewhere', status: 'pending', at: ago(0) },
    { tool: 'search', server: 'elsewhere', status: 'cancelled', ms: 5, at: ago(49) },
    { tool: 'add_task', status: 'declined', ms: 1, at: ago(0) },
    { tool: 'old_tool', status: 'failed', ms: 1, at: ago(24 * 10) },
  ]
  await withSystem('admin', async (tx) => {
    await tx.user.createMany({ data: ['a', 'b', 'c'].map((id) => ({ id, email: `${id}@example.com`, name: id })) })
    await tx.thread.create({ data: { id: 'thr_1', ownerId: 'a' } })
    await tx.run.createMany({
      data: [
        { id: 'run_1', ownerId: 'a', threadId: 'thr_1', requestId: 'r', operation: 'threads.create', status: 'done' },
        {
          id: 'run_2',
          ownerId: 'a',
          threadId: 'thr_1',
          requestId: 'r',
          operation: 'threads.create',
          status: 'failed',
          failureClass: 'model_payment',
        },
        {
          id: 'run_3',
          ownerId: 'b',
          threadId: 'thr_2',
          requestId: 'r',
          operation: 'threads.create',
          status: 'running',
        },
        {
          id: 'run_4',
          ownerId: 'c',
          threadId: 'thr_3',
          requestId: 'r',
          operation: 'threads.create',
          status: 'done',
          createdAt: ago(24 * 9),
        },
      ],
    })
    await tx.toolCall.createMany({
      data: calls.map(({ tool, server = 'switchboard', status = 'succeeded', ms, at }, index) => ({
        id: `call_${index}`,
        ownerId: index % 2 ? 'a' : 'b',
        via: 'chat',
        server,
        tool,
        arguments: {},
        argumentsBytes: 2,
        status,
        failureClass: status === 'failed' ? 'hard_timeout' : status === 'unknown' ? 'transport_lost' : null,
        startedAt: at,
        durationMs: ms ?? null,
      })),
    })
  })
})

test('the overview counts people, runs and calls of everyone in a span', async () => {
  expect(await countActivePeople(week())).toBe(2)
  expect(await readRunFigures(day())).toMatchObject({ runs: 3, failed: 1 })
  expect(await readCallFigures(day())).toMatchObject({ calls: 3, failed: 0 })
  expect(await readCallFigures(week())).toMatchObject({ calls: 6, failed: 2 })
  const nothing = { since: ago(-2), until: ago(-3) }
  expect(await readCallFigures(nothing)).toMatchObject({ calls: 0, failed: 0, p99: { ms: null, count: 0 } })
  expect(await readRunFigures(nothing)).toMatchObject({
    runs: 0,
    tokens: 0,
    costMicros: 0n,
    p50: { ms: null, count: 0 },
  })
})

test('percentiles count finished calls only, including failed ones', async () => {
  const tools = await groupCalls(week(), 'tool')
  expect(tools.map(({ name, count, failed, p50 }) => ({ name, count, failed, p50 }))).toEqual([
    { name: 'add_task', count: 3, failed: 1, p50: 30 },
    { name: 'search', count: 3, failed: 1, p50: 5 },
  ])
  expect(tools[0]?.p95).toBeGreaterThan(50_000)
  expect((await readCallFigures(week())).p50).toEqual({ ms: 10, count: 3 })
})

test('servers and failure classes are counted separately', async () => {
  expect((await groupCalls(week(), 'server')).map(({ name, count, failed }) => [name, count, failed])).toEqual([
    ['elsewhere', 3, 1],
    ['switchboard', 3, 1],
  ])
  const callFailures = await listCallFailures(week())
  expect(callFailures.map(({ failureClass, count }) => [failureClass, count])).toEqual([
    ['hard_timeout', 1],
    ['transport_lost', 1],
  ])
})

test('failed runs are counted by class, with interrupted ones; stopped and old runs are not', async () => {
  const base = { ownerId: 'c', requestId: 'r', operation: 'threads.create' }
  const runs = [
    { id: 'run_5', threadId: 'thr_5', status: 'failed', failureClass: 'model_payment' },
    { id: 'run_6', threadId: 'thr_6', status: 'interrupted' },
    { id: 'run_7', threadId: 'thr_7', status: 'failed', failureClass: 'model_cut', createdAt: ago(24 * 9) },
    { id: 'run_8', threadId: 'thr_8', status: 'stopped' },
  ] as const
  await withSystem('admin', (tx) => tx.run.createMany({ data: runs.map((run) => ({ ...base, ...run })) }))
  const runFailures = await listRunFailures(week())
  expect(runFailures.map(({ failureClass, count }) => [failureClass, count])).toEqual([
    ['model_payment', 2],
    ['interrupted', 1],
  ])
  const found = async (filter: object) => (await listRuns(filter)).data.map(({ id }) => id).sort()
  expect(await found({ failure: 'model_payment' })).toEqual(['run_2', 'run_5'])
  expect(await found({ failure: 'interrupted' })).toEqual(['run_6'])
  expect(await found({ failure: 'model_cut', since: ago(24 * 7) })).toEqual([])
})

test.each([3_600, 7_000, 86_400, 10_000_000])(
  'the chart’s parts of %i s lose no call and count none twice',
  async (seconds) => {
    const span = { since: ago(24 * 14), until: ago(-1) }
    const buckets = await readBuckets(span, seconds)
    expect(buckets[0]?.since).toEqual(span.since)
    expect(buckets.at(-1)?.until).toEqual(span.until)
    for (const [at, bucket] of buckets.entries()) if (at > 0) expect(bucket.since).toEqual(buckets[at - 1]?.until)
    expect(buckets.reduce((sum, bucket) => sum + bucket.calls, 0)).toBe(7)
    expect(buckets.reduce((sum, bucket) => sum + bucket.failed, 0)).toBe(3)
  },
)

type Some = { count: number; status?: Call['status']; failureClass?: string; ms?: number; hoursAgo?: number }

/** What is broken on a server with these calls, each kind in the same hour, the first ones the oldest. */
async function problemsOf(server: string, parts: Some[]) {
  const until = new Date()
  await withSystem('admin', (tx) =>
    tx.toolCall.createMany({
      data: parts.flatMap(({ count, status = 'succeeded', failureClass, ms = 10, hoursAgo = 0 }, part) =>
        Array.from({ length: count }, (_, n) => ({
          id: `${server}_${part}_${n}`,
          ...{ ownerId: 'a', via: 'chat', server, tool: 't', arguments: {}, argumentsBytes: 2, status, durationMs: ms },
          failureClass: failureClass ?? null,
          startedAt: new Date(until.getTime() - hoursAgo * 3_600_000 - 1_800_000 + part * 60_000 + n * 100),
        })),
      ),
    }),
  )
  const problems = await readProblems(until)
  return problems.filter(({ name }) => name === server).map(({ kind, count, total }) => [kind, count, total])
}

test.each<[string, Some[], [string, number, number][]]>([
  ['few', [{ count: 10, status: 'failed', failureClass: 'tool_error' }, { count: 9 }], []],
  ['enough', [{ count: 2, status: 'failed', failureClass: 'tool_error' }, { count: 18 }], [['error_rate', 2, 20]]],
  ['below', [{ count: 1, status: 'failed', failureClass: 'tool_error' }, { count: 19 }], []],
  [
    'usual',
    [
      { count: 2, status: 'failed', failureClass: 'tool_error' },
      { count: 18 },
      { count: 5, status: 'failed', hoursAgo: 24 },
      { count: 45, hoursAgo: 48 },
    ],
    [],
  ],
  [
    'other hours do not count',
    [{ count: 2, status: 'unknown' }, { count: 18 }, { count: 20, status: 'failed', hoursAgo: 22 }],
    [['error_rate', 2, 20]],
  ],
  ['stopped', [{ count: 15, status: 'cancelled' }, { count: 15, status: 'declined' }, { count: 20 }], []],
  ['down', [{ count: 5 }, { count: 3, status: 'failed', failureClass: 'refused' }], [['server_down', 3, 8]]],
  ['answers no', [{ count: 5 }, { count: 3, status: 'failed', failureClass: 'tool_error' }], []],
  ['is back', [{ count: 3, status: 'failed', failureClass: 'refused' }, { count: 1 }], []],
  [
    'slow',
    [
      { count: 20, ms: 4_000 },
      { count: 20, ms: 900, hoursAgo: 24 },
    ],
    [['server_slow', 20, 20]],
  ],
  [
    'always slow',
    [
      { count: 20, ms: 4_000 },
      { count: 20, ms: 3_000, hoursAgo: 24 },
    ],
    [],
  ],
])('what is broken: %s', async (server, parts, expected) => {
  expect(await problemsOf(server, parts)).toEqual(expected)
})

test('what is broken: a model whose newest runs failed, and runs that wait to be started', async () => {
  const run = { ownerId: 'c', threadId: 'thr_9', requestId: 'r', operation: 'o' } as const
  const at = (seconds: number) => new Date(Date.now() - seconds * 1000)
  await withSystem('admin', (tx) =>
    tx.run.createMany({
      data: [
        { ...run, id: 'run_m0', model: 'm', status: 'done', createdAt: at(300) },
        ...[1, 2, 3].map((n) => ({
          ...run,
          id: `run_m${n}`,
          model: 'm',
          status: 'failed' as const,
          failureClass: 'model_payment',
          createdAt: at(300 - n),
        })),
        { ...run, id: 'run_stopped', model: 'm', status: 'stopped', createdAt: at(200) },
        { ...run, id: 'run_q1', threadId: 'thr_10', status: 'queued', createdAt: at(60) },
        { ...run, id: 'run_q2', threadId: 'thr_11', status: 'queued', createdAt: at(5) },
      ],
    }),
  )
  const problems = await readProblems(new Date())
  expect(problems).toContainEqual(
    expect.objectContaining({ kind: 'model_failing', name: 'm', count: 3, total: 4, failureClass: 'model_payment' }),
  )
  expect(problems).toContainEqual(expect.objectContaining({ kind: 'queue', count: 1 }))
})
