import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { WidgetItem, WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { nodes } from '#tests/support/agent-door.ts'
import { message, open, post } from '#tests/support/browser/browser-tab.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'
import { becomeFound, killNow, letTimePass } from '#tests/support/processes/crash.ts'
import { type AskingServer, askingServer, olderAskingServer } from '#tests/support/tool-servers/asking-server.ts'

// kill -9 between a server's question and the answer, and between the answer and the result: one
// effect at most, the truth in the ledger, and no card without an end.

// Processes start and stop here, which is slow on a busy machine.
vi.setConfig({ testTimeout: 240_000 })

const databaseUrl = process.env.DATABASE_DIRECT_URL ?? ''
let model: OpenAIServer
/** Asks by a result (2026-07-28), which parks the run. */
let newer: AskingServer
/** Asks by a request (2025-11-25), for which the call is held open. */
let older: AskingServer
/** A replica that lives on, for each of the two servers. */
let living: { newer: AppServer; older: AppServer }
let ann: Awaited<ReturnType<typeof signedIn>>
const started: AppServer[] = []

async function start(server: AskingServer): Promise<AppServer> {
  const app = await startApp({
    databaseUrl,
    env: {
      ...{ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'test', THREAD_TITLES: 'first_words' },
      ...{ MCP_BUILTIN: 'off', MCP_SERVER_URL: server.url, APP_URL: 'http://127.0.0.1:3999' },
    },
  })
  started.push(app)
  return app
}

beforeAll(async () => {
  model = await openAIServer()
  newer = await askingServer()
  older = await olderAskingServer()
  living = { newer: await start(newer), older: await start(older) }
}, BUILD_MS)

afterAll(async () => {
  for (const app of started) await app.stop()
  for (const server of [newer, older, model]) await server?.[Symbol.asyncDispose]()
})

beforeEach(async () => {
  ann = await signedIn()
  model.otherwise(({ body }) => {
    const isAnswered = JSON.stringify(body.input).includes('function_call_output')
    return isAnswered ? { text: 'That is all.' } : { calls: [{ name: 'book', arguments: {} }] }
  })
  for (const server of [newer, older])
    Object.assign(server, { calls: [], answers: [], errors: [], booked: 0, gate: Promise.resolve() })
})

const ledger = async () => (await listToolCalls({ caller: ann.caller }, { tool: 'book' })).data
const statuses = async () => (await ledger()).map(({ status }) => status)
const questions = () => withCaller(ann.caller, (tx) => tx.question.findMany({ orderBy: { createdAt: 'asc' } }))
const openRuns = () =>
  withCaller(ann.caller, (tx) => tx.run.count({ where: { status: { in: ['queued', 'running', 'waiting'] } } }))

async function readCard({ url }: AppServer, thread: string): Promise<WidgetItem | undefined> {
  const answer = await post(url, ann, 'items.list', { thread_id: thread, order: 'asc', limit: 100 })
  const { data } = (await answer.json()) as { data: WidgetItem[] }
  return data.find(({ type }) => type === 'widget')
}

function formOf(card: WidgetItem | undefined): WidgetNode | undefined {
  return card && nodes(card.widget).find(({ type }) => type === 'Form')
}

/** Begins a turn at `app`, and resolves when its card can be read. */
async function ask(app: AppServer): Promise<{ thread: string; card: WidgetItem }> {
  // A process that has just started may not have the server's tools in its first turns.
  for (let asked = false; !asked; ) {
    const stream = await open(app.url, ann, 'threads.create', message('book a table'))
    let isOver = false
    void stream.read().then(
      () => (isOver = true),
      () => (isOver = true),
    )
    await expect.poll(async () => isOver || (await questions()).length === 1, { timeout: 60_000 }).toBe(true)
    asked = (await questions()).length === 1
  }
  const thread = (await questions())[0]?.threadId ?? ''
  await expect.poll(async () => formOf(await readCard(app, thread)) !== undefined, { timeout: 60_000 }).toBe(true)
  return { thread, card: (await readCard(app, thread)) as WidgetItem }
}

function submit({ url }: AppServer, thread: string, card: WidgetItem, isHeld: boolean): Promise<Response> {
  const { type = '', payload = {} } = (formOf(card)?.onSubmitAction ?? {}) as { type?: string; payload?: object }
  const action = { type, payload: { ...payload, values: { f0: 'Ada', f1: 4 } } }
  const operation = isHeld ? 'threads.sync_custom_action' : 'threads.custom_action'
  return post(url, ann, operation, { thread_id: thread, item_id: card.id, action })
}

test.each(['the same process, started again', 'another replica'])(
  'a parked run whose process was killed goes on at %s, and its call takes effect once',
  async (where) => {
    const doomed = await start(newer)
    const { thread, card } = await ask(doomed)
    await killNow(doomed)
    const next = where === 'another replica' ? living.newer : await start(newer)
    expect(formOf(await readCard(next, thread)), 'the card still has its form').toBeDefined()
    await (await submit(next, thread, card, false)).text()
    expect([newer.booked, newer.calls.length]).toEqual([1, 2])
    expect(newer.answers).toEqual([{ action: 'accept', content: { guest: 'Ada', seats: 4 } }])
    expect(await statuses()).toEqual(['succeeded'])
    expect(formOf(await readCard(next, thread))).toBeUndefined()
    expect(await openRuns()).toBe(0)
  },
)

test('a process killed after it sent the answer leaves a call in doubt, and nobody sends it again', async () => {
  const gate = Promise.withResolvers<void>()
  newer.gate = gate.promise
  const doomed = await start(newer)
  const { thread, card } = await ask(doomed)
  void submit(doomed, thread, card, false).catch(() => undefined)
  await expect.poll(() => newer.calls.length, { timeout: 60_000 }).toBe(2)
  await killNow(doomed)
  gate.resolve()
  await becomeFound(ann.caller)
  await expect.poll(statuses, { timeout: 60_000 }).toEqual(['unknown'])
  expect(formOf(await readCard(living.newer, thread))).toBeUndefined()
  const again = await (await submit(living.newer, thread, card, false)).text()
  expect(again).toContain('answered before')
  expect(newer.calls).toHaveLength(2)
  expect(newer.booked).toBeLessThanOrEqual(1)
  expect(await questions()).toMatchObject([{ status: 'accepted', sealedAnswer: null }])
})

test('a held call whose process was killed is in doubt, its card is void everywhere, and no answer is taken', async () => {
  const doomed = await start(older)
  const { thread, card } = await ask(doomed)
  await killNow(doomed)
  await letTimePass(ann.caller)
  const late = await (await submit(living.older, thread, card, true)).text()
  expect(late).toContain('the server stopped before your answer')
  await becomeFound(ann.caller)
  await expect.poll(statuses, { timeout: 60_000 }).toEqual(['unknown'])
  const shown = await readCard(living.older, thread)
  expect([formOf(shown), JSON.stringify(shown)]).toEqual([undefined, expect.stringContaining('Not answered')])
  expect([older.booked, older.calls.length]).toEqual([0, 1])
  await expect
    .poll(async () => (await questions()).map(({ status }) => status), { timeout: 60_000 })
    .toEqual(['expired'])
})

test('a held call is answered at another replica, also if that one is killed then', async () => {
  const [asking, answering] = [living.older, await start(older)]
  const { thread, card } = await ask(asking)
  expect((await submit(answering, thread, card, true)).status).toBe(200)
  await killNow(answering)
  await expect.poll(statuses, { timeout: 60_000 }).toEqual(['succeeded'])
  expect([older.booked, older.calls.length]).toEqual([1, 1])
  await expect.poll(openRuns, { timeout: 60_000 }).toBe(0)
  expect(formOf(await readCard(asking, thread))).toBeUndefined()
})

test('a process killed after a held call was answered leaves the call in doubt, with one effect at most', async () => {
  const gate = Promise.withResolvers<void>()
  older.gate = gate.promise
  const doomed = await start(older)
  const { thread, card } = await ask(doomed)
  expect((await submit(living.older, thread, card, true)).status).toBe(200)
  await expect.poll(() => older.answers.length, { timeout: 60_000 }).toBe(1)
  await killNow(doomed)
  gate.resolve()
  await becomeFound(ann.caller)
  await expect.poll(statuses, { timeout: 60_000 }).toEqual(['unknown'])
  expect(formOf(await readCard(living.older, thread))).toBeUndefined()
  expect(older.calls).toHaveLength(1)
  expect(older.booked).toBeLessThanOrEqual(1)
  expect(await questions()).toMatchObject([{ status: 'accepted', sealedAnswer: null }])
})
