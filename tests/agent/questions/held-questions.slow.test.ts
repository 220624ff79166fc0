import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, expect, test } from 'vitest'
import { listServers } from '#lib/agent/tools/list-servers.ts'
import { listTools } from '#lib/agent/tools/list-tools.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { WidgetItem, WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { beginToolCall } from '#lib/data/runs/ledger.ts'
import { storeHeldQuestion, takeHeldAnswers } from '#lib/data/runs/questions/questions.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { examine } from '#lib/mcp-client/doctor/examine.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'
import { newSpan } from '#lib/platform/telemetry/trace-context.ts'
import { agentDoor, button, nodes, said, widgets } from '#tests/support/agent-door.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { type AskingServer, olderAskingServer, SEATS } from '#tests/support/tool-servers/asking-server.ts'
import { callingRun, toolServer } from '#tests/support/tool-servers/tool-servers.ts'

// Questions of revision 2025-11-25: the server asks while its call stays open, and the answer comes
// by another request.

type Person = Awaited<ReturnType<typeof signedIn>>
let ann: Person

beforeEach(async () => {
  ann = await signedIn({ role: 'admin' })
})

function ready(server: AskingServer, model: OpenAIServer, more = {}): void {
  withSettings({
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: 'k',
    MCP_BUILTIN: 'off',
    MCP_SERVER_URL: server.url,
    THREAD_TITLES: 'first_words',
    ...more,
  })
}

const book = { calls: [{ name: 'book', arguments: {}, id: 'c1' }] }
const ledger = async () => (await listToolCalls({ caller: ann.caller }, { tool: 'book' })).data.reverse()
const questions = () => withCaller(ann.caller, (tx) => tx.question.findMany({ orderBy: { createdAt: 'asc' } }))
const notices = (events: ThreadStreamEvent[]) =>
  events.flatMap((event) => (event.type === 'notice' ? event.message : []))

const formOf = ({ widget }: WidgetItem): WidgetNode | undefined => nodes(widget).find(({ type }) => type === 'Form')

/** Begins a turn, and resolves when its call asks: the turn goes on meanwhile. */
async function asked(count = 1) {
  const turn = agentDoor(ann).begin('book a table')
  await expect.poll(async () => (await questions()).length).toBe(count)
  const row = (await questions()).at(-1)
  const thread = row?.threadId ?? ''
  await expect.poll(async () => (await agentDoor(ann).read(thread)).some(({ id }) => id === row?.itemId)).toBe(true)
  const card = (await agentDoor(ann).read(thread)).find(({ id }) => id === row?.itemId) as WidgetItem
  return { turn, thread, card }
}

function answer(thread: string, card: WidgetItem, action: unknown, who = ann) {
  return agentDoor(who).ask({
    type: 'threads.sync_custom_action',
    params: { thread_id: thread, item_id: card.id, action },
  })
}

function submit(thread: string, card: WidgetItem, values: object, who = ann) {
  const action = formOf(card)?.onSubmitAction as { type: string; payload: object } | undefined
  const { type = 'none', payload = {} } = action ?? {}
  return answer(thread, card, { type, payload: { ...payload, values } }, who)
}

/**
 * What is seen while the run of a thread is as a killed process leaves it: without a heartbeat. The
 * row is locked meanwhile, because the process of this test lives and its heart beats.
 */
async function whileDead<T>(threadId: string, look: () => Promise<T>): Promise<T> {
  for (;;) {
    await withSystem('recovery', (tx) =>
      tx.run.updateMany({ where: { threadId }, data: { heartbeatAt: new Date(Date.now() - 60_000) } }),
    )
    const seen = await withSystem('recovery', async (tx) => {
      const [run] = await tx.$queryRaw<{ isDead: boolean }[]>`
        SELECT heartbeat_at < now() - interval '30 seconds' AS "isDead" FROM runs WHERE thread_id = ${threadId} FOR UPDATE`
      return run?.isDead ? [await look()] : []
    })
    for (const value of seen) return value
  }
}

test('the call is held open until the answer comes, with its clocks stopped, and the answer goes on', async () => {
  await using server = await olderAskingServer()
  await using model = await openAIServer(book, { text: 'Booked.' })
  ready(server, model, { MCP_CALL_TIMEOUT: '1', MCP_CALL_HARD_TIMEOUT: '2' })
  const { turn, thread, card } = await asked()
  expect(await ledger()).toMatchObject([{ status: 'pending' }])
  expect(formOf(card)?.onSubmitAction).toMatchObject({ streaming: false })
  // Longer than the call's own timeouts.
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  const reply = await submit(thread, card, { f0: 'Ada', f1: '4' })
  expect(reply.status).toBe(200)
  expect(formOf(reply.data.updated_item as WidgetItem)).toBeUndefined()
  const { events } = await turn
  expect(said(events)).toBe('Booked.')
  expect(server.answers).toEqual([{ action: 'accept', content: { guest: 'Ada', seats: 4 } }])
  expect([server.booked, server.calls.length]).toEqual([1, 1])
  expect(await ledger()).toMatchObject([{ status: 'succeeded' }])
  expect(await questions()).toMatchObject([
    { status: 'accepted', answer: { guest: 'Ada', seats: 4 }, sealedAnswer: null },
  ])
  const shown = (await agentDoor(ann).read(thread)).find(({ id }) => id === card.id) as WidgetItem
  expect(formOf(shown)).toBeUndefined()
  const lines = (await agentDoor(ann).read(thread)).flatMap((item) =>
    item.type === 'workflow' ? item.workflow.tasks : [],
  )
  expect(lines.map((task) => [task.title, task.type === 'custom' && task.icon])).toEqual([['book', 'check-circle']])
  expect(JSON.stringify(model.requests[1]?.body)).not.toContain('For whom')
})

test('a wrong value is refused with a sentence, and another person gets the answer for a missing question', async () => {
  await using server = await olderAskingServer()
  await using model = await openAIServer(book, { text: 'Booked.' })
  ready(server, model)
  const { turn, thread, card } = await asked()
  const wrong = await submit(thread, card, { f0: 'Ada', f1: '90' })
  expect([wrong.status, JSON.stringify(wrong.data)]).toEqual([400, expect.stringContaining('at most 8')])
  const bob = await signedIn({ name: 'Bob' })
  expect((await submit(thread, card, { f0: 'Bob', f1: 1 }, bob)).status).toBe(404)
  const missing = { type: 'question.decline', payload: { question: 'qst_x' } }
  expect((await answer(thread, card, missing)).status).toBe(404)
  await answer(thread, card, button(card, 'Decline')?.onClickAction)
  await turn
  expect(server.answers).toEqual([{ action: 'decline' }])
  const again = await submit(thread, card, { f0: 'Ada', f1: '1' })
  expect(JSON.stringify(again.data)).toContain('You declined to answer.')
})

test('without an answer in time the server is told that the person cancelled, and the card is closed', async () => {
  await using server = await olderAskingServer()
  await using model = await openAIServer(book, { text: 'Nobody answered.' })
  ready(server, model, { MCP_QUESTION_TIMEOUT: '1' })
  const { events } = await agentDoor(ann).begin('book a table')
  expect(said(events)).toBe('Nobody answered.')
  expect(server.answers).toEqual([{ action: 'cancel' }])
  expect(JSON.stringify(widgets(events).at(-1)?.widget)).toContain('Not answered in time.')
  expect(await questions()).toMatchObject([{ status: 'expired' }])
})

test('an answer that was sent in time reaches the server, although it is stored after the timeout', async () => {
  await using server = await olderAskingServer()
  await using model = await openAIServer(book, { text: 'Booked.' })
  ready(server, model, { MCP_QUESTION_TIMEOUT: '2' })
  const { turn, thread, card } = await asked()
  const gate = Promise.withResolvers<void>()
  const held = withSystem('expiry', async (tx) => {
    await tx.$queryRaw`SELECT 1 AS held FROM questions FOR UPDATE`
    await gate.promise
  })
  const sent = submit(thread, card, { f0: 'Ada', f1: '4' })
  await sleep(3_000)
  gate.resolve()
  await held
  expect((await sent).status).toBe(200)
  await turn
  expect(await questions()).toMatchObject([{ status: 'accepted' }])
  expect(server.answers).toMatchObject([{ action: 'accept' }])
})

test('Stop voids the card, and the call may have taken effect: nothing is sent again', async () => {
  await using server = await olderAskingServer()
  await using model = await openAIServer(book)
  ready(server, model)
  const { turn, thread, card } = await asked()
  await agentDoor(ann).ask({ type: 'threads.stop', params: { thread_id: thread } })
  await turn
  await expect.poll(async () => (await ledger()).map(({ status }) => status)).toEqual(['unknown'])
  const shown = (await agentDoor(ann).read(thread)).find(({ id }) => id === card.id) as WidgetItem
  expect(formOf(shown)).toBeUndefined()
  const late = await submit(thread, card, { f0: 'Ada', f1: '1' })
  expect(formOf(late.data.updated_item as WidgetItem)).toBeUndefined()
  expect([server.booked, server.calls.length]).toEqual([0, 1])
})

test('a card whose process died has an end for its reader, and its answer reaches nobody', async () => {
  await using server = await olderAskingServer()
  await using model = await openAIServer(book, { text: 'Booked.' })
  ready(server, model)
  const { turn, thread, card } = await asked()
  const shown = await whileDead(thread, () => agentDoor(ann).read(thread))
  expect(JSON.stringify(shown)).toContain('the server stopped before your answer')
  const reply = await whileDead(thread, () => submit(thread, card, { f0: 'Ada', f1: '1' }))
  expect(JSON.stringify(reply.data)).toContain('the server stopped before your answer')
  await withSystem('recovery', (tx) =>
    tx.run.updateMany({ where: { threadId: thread }, data: { heartbeatAt: new Date() } }),
  )
  await answer(thread, card, button(card, 'Cancel')?.onClickAction)
  await turn
  expect(server.answers).toEqual([{ action: 'cancel' }])
})

test('a form that asks for a secret is refused with the reason, and so are sampling and roots', async () => {
  const secret = {
    message: 'Sign in',
    requestedSchema: { type: 'object', properties: { apiKey: { type: 'string' } } },
  }
  await using server = await olderAskingServer({ secret })
  server.others = ['sampling/createMessage', 'roots/list']
  await using model = await openAIServer(book, { text: 'It wanted a key.' })
  ready(server, model)
  const { events } = await agentDoor(ann).begin('book a table')
  expect(widgets(events)).toEqual([])
  expect(notices(events)).toEqual([expect.stringContaining('looks like a secret')])
  expect(server.errors).toEqual([
    expect.stringContaining('does not offer sampling'),
    expect.stringContaining('does not offer roots'),
    expect.stringContaining('Ask for it in URL mode'),
  ])
})

test('an address is done when the server says so', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const pay = { mode: 'url' as const, message: 'Pay first.', url: 'https://pay.example/', elicitationId: 'e1' }
  await using server = await olderAskingServer({ pay })
  server.gate = promise
  await using model = await openAIServer(book, { text: 'Booked.' })
  ready(server, model)
  const { turn, thread, card } = await asked()
  resolve()
  const { events } = await turn
  expect(said(events)).toBe('Booked.')
  expect(server.answers).toEqual([{ action: 'accept' }])
  const shown = (await agentDoor(ann).read(thread)).find(({ id }) => id === card.id) as WidgetItem
  expect(JSON.stringify(shown.widget)).toContain('You answered this.')
})

test('a server may ask twice during a call', async () => {
  await using server = await olderAskingServer({ one: SEATS }, { two: SEATS })
  await using model = await openAIServer(book, { text: 'Booked.' })
  ready(server, model)
  const { turn, thread, card } = await asked()
  await submit(thread, card, { f0: 'Ada', f1: '1' })
  await expect.poll(async () => (await questions()).length).toBe(2)
  const row = (await questions())[1]
  await expect.poll(async () => (await agentDoor(ann).read(thread)).some(({ id }) => id === row?.itemId)).toBe(true)
  const second = (await agentDoor(ann).read(thread)).find(({ id }) => id === row?.itemId) as WidgetItem
  await submit(thread, second, { f0: 'Bob', f1: '2' })
  await turn
  expect(server.answers).toMatchObject([{ content: { guest: 'Ada' } }, { content: { guest: 'Bob' } }])
})

const signIn = { mode: 'url', message: 'Sign in first.', url: 'https://sign-in.example/', elicitationId: 'e1' }

test('an address that a server requires first is opened by the person, and the call is made again', async () => {
  await using server = await olderAskingServer()
  Object.assign(server, { required: [[signIn, { ...signIn, elicitationId: 'e2' }]], rounds: [] })
  await using model = await openAIServer(book, { text: 'Booked.' })
  ready(server, model)
  const { turn, thread, card } = await asked()
  expect(JSON.stringify(card.widget)).toContain('[Open sign-in.example in a new tab]')
  await submit(thread, card, {})
  await expect.poll(async () => (await questions()).length).toBe(2)
  expect(server.calls).toHaveLength(1)
  // The second is settled at its address, and the server says so.
  await server.complete('e2')
  const { events } = await turn
  expect(said(events)).toBe('Booked.')
  expect([server.booked, server.calls.length]).toEqual([1, 2])
  expect(await ledger()).toMatchObject([{ status: 'succeeded' }])
  expect((await questions()).map(({ status, asked: about }) => [status, about])).toEqual([
    ['accepted', { mode: 'url', message: 'Sign in first.', host: 'sign-in.example' }],
    ['accepted', { mode: 'url', message: 'Sign in first.', host: 'sign-in.example' }],
  ])
})

test('a call whose required address is declined is not made again', async () => {
  await using server = await olderAskingServer()
  server.required = [[signIn]]
  await using model = await openAIServer(book, { text: 'As you like.' })
  ready(server, model)
  const { turn, thread, card } = await asked()
  await answer(thread, card, button(card, 'Decline')?.onClickAction)
  const { events } = await turn
  expect(said(events)).toBe('As you like.')
  expect(server.calls).toHaveLength(1)
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'input_required' }])
  expect(JSON.stringify(model.requests[1]?.body)).toContain('wanted the person to do something at an address first')
})

test.each([
  ['an address that is none of the web', [{ ...signIn, url: 'javascript:alert(1)' }], 0],
  ['nothing', [], 0],
  ['no object', ['x'], 0],
])('a call that requires %s first fails without a card', async (_, required, count) => {
  await using server = await olderAskingServer()
  server.required = [required as object[]]
  await using model = await openAIServer(book, { text: 'It failed.' })
  ready(server, model)
  const { events } = await agentDoor(ann).begin('book a table')
  expect(said(events)).toBe('It failed.')
  expect([await questions(), server.calls.length]).toEqual([[], count + 1])
})

test('a server that requires an address again and again is not called a sixth time', async () => {
  await using server = await olderAskingServer()
  server.required = Array.from({ length: 9 }, () => [signIn])
  await using model = await openAIServer(book, { text: 'It asks too much.' })
  ready(server, model)
  const { turn, thread, card } = await asked()
  let latest = card
  for (let round = 1; round <= 5; round += 1) {
    await submit(thread, latest, {})
    if (round === 5) break
    await expect.poll(async () => (await questions()).length).toBe(round + 1)
    const id = (await questions()).at(-1)?.itemId
    await expect.poll(async () => (await agentDoor(ann).read(thread)).some((item) => item.id === id)).toBe(true)
    latest = (await agentDoor(ann).read(thread)).find((item) => item.id === id) as WidgetItem
  }
  const { events } = await turn
  expect(said(events)).toBe('It asks too much.')
  expect(server.calls).toHaveLength(6)
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'input_required' }])
})

test('a tool that is offered only to clients that ask is listed, in any order, and the doctor sees it', async () => {
  await using server = await olderAskingServer()
  await using model = await openAIServer({ text: 'Hello.' })
  ready(server, model)
  // A connection of a widget's click or a repeated call, which cannot ask.
  const names = async () => {
    const mcp = await openMcp(await callingRun(ann.caller))
    const tools = (await mcp.connections[0]?.listTools()) ?? []
    await mcp.close()
    return tools.map(({ name }) => name)
  }
  expect(await names()).toEqual(['look'])
  await agentDoor(ann).begin('hello')
  expect(JSON.stringify(model.requests[0]?.body.tools)).toContain('"book"')
  expect(await names()).toEqual(['look'])
  expect((await listTools(ann.caller)).map(({ name }) => name)).toEqual(['book', 'look'])
  const shown = (await listServers(ann.caller, undefined)).flatMap(({ tools }) => tools)
  expect(shown.map(({ name }) => name)).toEqual(['book', 'look'])
  const { spoken } = await examine(toolServer(server.url))
  expect(spoken?.tools.map(({ name }) => name)).toEqual(['book', 'look'])
})

test('an answer that comes while answers are taken is not lost', async () => {
  const run = await callingRun(ann.caller)
  const asking = { id: run.id, ownerId: run.userId, threadId: run.threadId }
  const about = { server: 's', tool: 't', via: 'chat', runId: run.id, callId: 'c1', arguments: {} } as const
  const toolCallId = await beginToolCall({
    ...{ ...about, ...newSpan(run.id), ownerId: run.userId, threadId: run.threadId, filledIn: [], hidden: [] },
  })
  const question = { toolCallId, callId: 'c1', server: 's', tool: 't', itemId: 'i', onlyReads: false, asked: {} }
  const id = newId('qst')
  await storeHeldQuestion(asking, { ...question, id, expiresAt: new Date(Date.now() + 60_000) })
  let taking: ReturnType<typeof takeHeldAnswers> | undefined
  await withSystem('recovery', async (tx) => {
    // Lets the rows be read, and holds up every change of another.
    await tx.$executeRaw`LOCK TABLE questions IN SHARE MODE`
    taking = takeHeldAnswers(ann.caller, [id])
    let isTaken = false
    void taking.finally(() => {
      isTaken = true
    })
    const listHeldUp = () =>
      tx.$queryRaw<object[]>`SELECT 1 FROM pg_locks WHERE relation = 'questions'::regclass AND NOT granted`
    while (!isTaken && (await listHeldUp()).length === 0) await sleep(20)
    await tx.question.updateMany({ where: { id }, data: { status: 'accepted', sealedAnswer: 'sealed' } })
  })
  await taking
  expect(await takeHeldAnswers(ann.caller, [id])).toMatchObject([{ status: 'accepted', sealedAnswer: 'sealed' }])
})
