import { beforeAll, expect, test, vi } from 'vitest'
import { keepView, removeView } from '#app/admin/lists/actions.ts'
import RunsPage from '#app/admin/runs/page.tsx'
import { parseRunQuery, toRunFilter } from '#app/admin/runs/run-query.ts'
import ToolCallsPage from '#app/admin/tool-calls/page.tsx'
import { parseToolCallQuery, toLedgerFilter } from '#app/admin/tool-calls/tool-call-query.ts'
import * as runFile from '#app/api/admin/runs/route.ts'
import * as callFile from '#app/api/admin/tool-calls/route.ts'
import { listSavedViews } from '#lib/data/runs/lists/saved-views.ts'
import { countRuns, listRuns } from '#lib/data/runs/run-list.ts'
import { countToolCalls, listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { seedDatabase } from '#scripts/seed/seed-database.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { renderPage } from '#tests/support/render-page.ts'

let browser = new Headers()
vi.mock('next/headers.js', () => ({ headers: async () => browser }))
vi.mock('next/cache', () => ({ revalidatePath: () => {} }))
vi.mock('next/navigation', async (original) => ({
  ...(await original<object>()),
  useRouter: () => ({ push: () => {}, refresh: () => {} }),
}))

type Who = Awaited<ReturnType<typeof signedIn>>
let ada: Who
let mo: Who
const SCOPE = { admin: true } as const

beforeAll(async () => {
  await seedDatabase(env().DATABASE_URL, 3_000)
  ada = await signedIn({ role: 'admin', name: 'Ada Admin' })
  mo = await signedIn({ name: 'Mo Member' })
  browser = new Headers(ada.headers)
  await withSystem('admin', async (tx) => {
    const owned = { ownerId: mo.caller.userId, threadId: 'thr_mo' }
    await tx.thread.create({ data: { id: 'thr_mo', ownerId: mo.caller.userId } })
    await tx.assistant.create({ data: { id: 'ast_1', slug: 'helper' } })
    const version = { id: 'asv_1', assistantId: 'ast_1', number: 1, config: {}, configHash: 'h' }
    await tx.assistantVersion.create({ data: version })
    await tx.run.create({
      data: { ...owned, id: 'run_mo', requestId: 'r', operation: 'o', status: 'done', assistantVersionId: 'asv_1' },
    })
    const call = {
      ...owned,
      via: 'chat',
      server: 'own',
      runId: 'run_mo',
      argumentsBytes: 2,
      assistantVersionId: 'asv_1',
    }
    await tx.toolCall.createMany({
      data: [
        { ...call, id: 'call_asked', tool: 'pay', callId: 'fc_1', arguments: { to: '=HYPERLINK("x")' }, model: 'm-1' },
        {
          ...call,
          id: 'call_free',
          tool: 'look',
          callId: 'fc_2',
          arguments: { q: 'Ärger 100% "so"' },
          durationMs: 70_001,
        },
        { ...call, id: 'call_back', tool: 'look', arguments: {}, result: { text: 'one 100x' }, status: 'declined' },
      ],
    })
    const approval = { ownerId: mo.caller.userId, threadId: 'thr_mo', runId: 'run_mo', callId: 'fc_1', server: 'own' }
    const kept = { toolHash: 'h', itemId: 'i', keptId: 'k', status: 'approved', expiresAt: new Date() }
    await tx.approval.create({ data: { ...approval, ...kept, id: 'apr_1', tool: 'pay' } })
  })
})

const callsOf = async (params: Record<string, string>) => {
  const ids: string[] = []
  let after: string | undefined
  do {
    const page = await listToolCalls(SCOPE, { ...toLedgerFilter(parseToolCallQuery(params)), after, limit: 200 })
    ids.push(...page.data.map(({ id }) => id))
    after = page.after
  } while (after)
  return ids
}
const runsOf = async (params: Record<string, string>) => {
  const ids: string[] = []
  let after: string | undefined
  do {
    const page = await listRuns({ ...toRunFilter(parseRunQuery(params)), after })
    ids.push(...page.data.map(({ id }) => id))
    after = page.after
  } while (after)
  return ids
}

test.each([
  [{ who: 'mo member', approval: 'approved' }, ['call_asked']],
  [{ who: 'mo member', approval: 'none' }, ['call_back', 'call_free']],
  [{ assistant: 'helper', status: 'made' }, ['call_asked', 'call_free']],
  [{ assistant: 'nobody' }, []],
  [{ slower: '70000' }, ['call_free']],
  [{ thread: 'thr_mo', model: 'm-1' }, ['call_asked']],
  [{ run: 'run_mo', tool: 'look', status: 'declined' }, ['call_back']],
  [{ server: 'own', search: 'ärger "100% \\"so"' }, []],
  [{ server: 'own', search: '100%' }, ['call_free']],
  [{ server: 'own', search: '"100x' }, ['call_back']],
  [{ server: 'own', search: 'one 100x' }, ['call_back']],
  [{ server: 'own', from: '2000-01-01T00:00:00', to: '2001-01-01T00:00' }, []],
  // What no list knows is left out, and what no text may hold finds nothing.
  [{ server: 'own', from: '2000-99-99T00:00', sort: 'x', status: 'x', tool: 'pay' }, ['call_asked']],
  [{ server: 'own\0' }, []],
  [{ server: 'own', search: '\0 \ud800' }, []],
])('calls with %j', async (params, ids) => {
  expect((await callsOf(params as Record<string, string>)).toSorted()).toEqual(ids)
  expect(await countToolCalls(SCOPE, toLedgerFilter(parseToolCallQuery(params)))).toMatchObject({ calls: ids.length })
})

test.each([
  [{ who: 'mo member', approval: 'asked' }, 1],
  [{ who: 'mo member', approval: 'none' }, 0],
  [{ server: 'own', tool: 'pay' }, 1],
  [{ assistant: 'helper', model: '-' }, 1],
  [{ thread: 'thr_mo', status: 'unsuccessful' }, 0],
  [{ thread: 'thr_mo', faster: '1' }, 0],
])('runs with %j', async (params, count) => {
  expect(await runsOf(params as Record<string, string>)).toHaveLength(count)
  expect(await countRuns(toRunFilter(parseRunQuery(params)))).toMatchObject({ runs: count })
})

test.each(['newest', 'oldest', 'slowest'])('%s first: every row once, and as many as the total says', async (sort) => {
  const { calls } = await countToolCalls(SCOPE, {})
  expect(new Set(await callsOf({ sort })).size).toBe(calls)
  expect(new Set(await runsOf({ sort })).size).toBe((await countRuns({})).runs)
  const rows = (await listToolCalls(SCOPE, { sort: sort as 'newest', limit: 200 })).data
  const by = rows.map(({ startedAt, durationMs }) => (sort === 'slowest' ? -(durationMs ?? -1) : startedAt.getTime()))
  expect(by).toEqual(by.toSorted((a, b) => (sort === 'newest' ? b - a : a - b)))
})

const file = (which: typeof callFile, who: Who | null, query: string) =>
  which.GET(new Request(`http://127.0.0.1:3999/api/admin/x?${query}`, { headers: who?.headers ?? {} }))

test('the file has the rows of the list, in its order, as JSON Lines and as CSV', async () => {
  for (const query of ['', 'status=unsuccessful', 'sort=slowest&server=crm', 'sort=oldest&search=invoices']) {
    const params = Object.fromEntries(new URLSearchParams(query))
    const lines = (await (await file(callFile, ada, `${query}&format=jsonl`)).text()).trim().split('\n')
    const ids = await callsOf(params)
    expect(lines.map((line) => JSON.parse(line).id)).toEqual(ids)
    const table = (await (await file(callFile, ada, `${query}&format=csv`)).text()).trim().split('\r\n')
    expect(table.slice(1).map((row) => row.split(',')[0])).toEqual(ids)
  }
  const runs = (await (await file(runFile, ada, 'status=failed&format=jsonl')).text()).trim().split('\n')
  expect(runs.map((line) => JSON.parse(line).id)).toEqual(await runsOf({ status: 'failed' }))
  const [pay] = (await (await file(callFile, ada, 'tool=pay&format=jsonl')).text()).trim().split('\n')
  expect(JSON.parse(pay ?? '')).toMatchObject({ id: 'call_asked', arguments: { to: '=HYPERLINK("x")' }, model: 'm-1' })
})

test('a file is for admins alone, and the audit log says who took it', async () => {
  for (const which of [callFile, runFile]) {
    expect((await file(which, mo, '')).status).toBe(404)
    expect((await file(which, null, '')).status).toBe(401)
  }
  const audited = () => withSystem('admin', (tx) => tx.auditEvent.findMany({ orderBy: { at: 'desc' }, take: 1 }))
  await (await file(callFile, ada, 'server=crm&format=jsonl')).body?.cancel()
  expect(await audited()).toMatchObject([
    { action: 'calls_exported', actorId: ada.caller.userId, detail: { format: 'jsonl', filters: 'server=crm' } },
  ])
})

test('a page says its total, links to its failures and its file, and keeps its filters', async () => {
  const { calls, failed } = await countToolCalls(SCOPE, { server: 'crm' })
  const html = await renderPage(await ToolCallsPage({ searchParams: Promise.resolve({ server: 'crm' }) }))
  expect(html).toContain(`data-total="${calls}"`)
  expect(html).toContain('/admin/tool-calls?server=crm&amp;status=unsuccessful')
  expect(html).toContain(`${failed}<!-- --> failed`)
  expect(html).toContain('/api/admin/tool-calls?server=crm&amp;format=csv')
  const runs = await renderPage(await RunsPage({ searchParams: Promise.resolve({ model: 'gpt-5.5' }) }))
  expect(runs).toContain(`data-total="${(await countRuns({ model: 'gpt-5.5' })).runs}"`)
})

test('an admin keeps filters as a view, which only they see and delete', async () => {
  const form = (fields: Record<string, string>) => {
    const data = new FormData()
    for (const [name, value] of Object.entries(fields)) data.set(name, value)
    return data
  }
  const view = { list: 'tool-calls', name: ' CRM  fails ', query: 'server=crm&status=failed&after=abc&evil=1' }
  expect(await keepView(form(view))).toBeUndefined()
  expect(await keepView(form({ ...view, query: 'status=failed&server=crm' }))).toBeUndefined()
  const kept = await listSavedViews(ada.caller, 'tool-calls')
  expect(kept).toMatchObject([{ name: 'CRM fails', query: 'server=crm&status=failed' }])
  const html = await renderPage(
    await ToolCallsPage({ searchParams: Promise.resolve({ server: 'crm', status: 'failed' }) }),
  )
  expect(html).toMatch(/aria-current="page"[^>]*>.*?CRM fails/s)
  expect(await keepView(form({ ...view, name: ' ' }))).toEqual({
    error: expect.stringContaining('Give the view a name'),
  })
  const other = await signedIn({ role: 'admin' })
  expect(await listSavedViews(other.caller, 'tool-calls')).toEqual([])
  browser = new Headers(other.headers)
  expect(await removeView(form({ view: kept[0]?.id ?? '' }))).toEqual({ error: 'This view was not found.' })
  browser = new Headers(ada.headers)
  expect(await removeView(form({ view: kept[0]?.id ?? '' }))).toBeUndefined()
  expect(await listSavedViews(ada.caller, 'tool-calls')).toEqual([])
})
