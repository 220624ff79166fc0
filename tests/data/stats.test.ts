import { beforeAll, expect, test } from 'vitest'
import { listRuns } from '#lib/data/runs/run-list.ts'
import { CHART_DAYS, readOverview } from '#lib/data/runs/stats.ts'
import { withSystem } from '#lib/platform/db/db.ts'

const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000)

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

test('the overview counts people, threads, runs and calls of everyone', async () => {
  const overview = await readOverview('UTC')
  expect(overview.people).toEqual({ total: 3, activeInPeriod: 2 })
  expect(overview.threads).toEqual({ total: 1, newToday: 1 })
  expect(overview.runs).toEqual({ today: 3, failedToday: 1, active: 1, inPeriod: 3, failedInPeriod: 1 })
  expect(overview.calls).toMatchObject({ today: 3, failedToday: 0, inPeriod: 6, failedInPeriod: 2 })
})

test('percentiles count finished calls only, including failed ones', async () => {
  const { tools } = await readOverview('UTC')
  expect(tools.map(({ name, calls, failed, p50 }) => ({ name, calls, failed, p50 }))).toEqual([
    { name: 'add_task', calls: 3, failed: 1, p50: 30 },
    { name: 'search', calls: 3, failed: 1, p50: 5 },
  ])
  expect(tools[0]?.p95).toBeGreaterThan(50_000)
})

test('servers and failure classes are counted separately', async () => {
  const { servers, callFailures } = await readOverview('UTC')
  expect(servers.map(({ name, calls, failed }) => [name, calls, failed])).toEqual([
    ['elsewhere', 3, 1],
    ['switchboard', 3, 1],
  ])
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
  const { runFailures } = await readOverview('UTC')
  expect(runFailures.map(({ failureClass, count }) => [failureClass, count])).toEqual([
    ['model_payment', 2],
    ['interrupted', 1],
  ])
  const found = async (filter: object) => (await listRuns(filter)).data.map(({ id }) => id).sort()
  expect(await found({ failure: 'model_payment' })).toEqual(['run_2', 'run_5'])
  expect(await found({ failure: 'interrupted' })).toEqual(['run_6'])
  expect(await found({ failure: 'model_cut', since: ago(24 * 7) })).toEqual([])
})

test.each(['UTC', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'])(
  'the chart has every day up to today in %s, with no call lost or counted twice',
  async (zone) => {
    const { days } = await readOverview(zone)
    expect(days).toHaveLength(CHART_DAYS)
    expect(days.at(-1)?.day).toBe(new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(new Date()))
    expect(days.reduce((sum, day) => sum + day.calls, 0)).toBe(7)
    expect(days.reduce((sum, day) => sum + day.failed, 0)).toBe(3)
  },
)
