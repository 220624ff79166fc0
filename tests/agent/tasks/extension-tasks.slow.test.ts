import { beforeEach, expect, test } from 'vitest'
import { makeTakeUp } from '#app/api/chatkit/take-up-tasks.ts'
import { handleAction } from '#lib/agent/handle-action.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import { lookAtDueTasks } from '#lib/agent/tasks/look-at-tasks.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { TASK_PATIENCE } from '#lib/mcp-client/tasks/reach-task.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { agentDoor, nodes, said, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { SEATS } from '#tests/support/tool-servers/asking-server.ts'
import { type ExtensionTaskServer, extensionTaskServer } from '#tests/support/tool-servers/extension-task-server.ts'

// Tasks of the extension of 2026-07-28: the server answers a call with a task, and its description
// brings the result.

let ann: Awaited<ReturnType<typeof signedIn>>
beforeEach(async () => {
  TASK_PATIENCE.begun = 400
  ann = await signedIn({ role: 'admin' })
})

const takeUp = makeTakeUp({ respond: runTurn, act: handleAction })
const dig = { calls: [{ name: 'dig', arguments: {}, id: 'c1' }] }
const ledger = async () => (await listToolCalls({ caller: ann.caller }, { tool: 'dig' })).data
const statuses = async () =>
  (await withCaller(ann.caller, (tx) => tx.run.findMany({ orderBy: { createdAt: 'asc' } }))).map(({ status }) => status)
const items = (thread: string) => agentDoor(ann).read(thread)
const gold = { content: [{ type: 'text', text: 'gold' }] }

async function parked(server: ExtensionTaskServer, model: OpenAIServer) {
  withSettings({
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k', MCP_BUILTIN: 'off', MCP_SERVER_URL: server.url },
    THREAD_TITLES: 'first_words',
  })
  const first = await agentDoor(ann).begin('dig')
  return { thread: threadOf(first), events: first.events }
}

async function look(): Promise<void> {
  await withSystem('runs', (tx) => tx.serverTask.updateMany({ data: { pollAt: new Date(0), leaseUntil: null } }))
  await lookAtDueTasks(takeUp)
  await expect
    .poll(async () => (await statuses()).some((status) => status === 'queued' || status === 'running'))
    .toBe(false)
}

test('a call that is answered with a task parks its run until the task has its result', async () => {
  await using server = await extensionTaskServer()
  await using model = await openAIServer(dig, { text: 'It was gold.' })
  const { thread } = await parked(server, model)
  expect(server.wasDeclared).toBe(true)
  expect(await statuses()).toEqual(['waiting'])
  server.task = { status: 'working', statusMessage: '5 of 6: digging' }
  await look()
  expect(JSON.stringify(await items(thread))).toContain('(5 of 6)')
  server.task = { status: 'completed', result: gold }
  await look()
  expect(JSON.stringify(await items(thread))).toContain('It was gold.')
  expect(await ledger()).toMatchObject([{ status: 'succeeded', callId: 'c1' }])
  expect(server.began).toBe(1)
  expect(new Set(server.names).size).toBe(1)
  expect(server.names[0]).toMatch(/^task-/)
})

test('a task that ends at once is answered in the same run', async () => {
  await using server = await extensionTaskServer()
  server.task = { status: 'completed', result: gold }
  await using model = await openAIServer(dig, { text: 'It was gold.' })
  const { events } = await parked(server, model)
  expect(said(events)).toBe('It was gold.')
  expect(await statuses()).toEqual(['done'])
})

test.each([
  [{ status: 'failed', error: { code: -32603, message: 'the spade broke' } }, 'server_error'],
  [{ status: 'cancelled', statusMessage: 'too deep' }, 'cancelled'],
  [undefined, 'outcome_unknown'],
])('a task that comes to %o is in doubt', async (end, failureClass) => {
  await using server = await extensionTaskServer()
  await using model = await openAIServer(dig, { text: 'It did not work.' })
  await parked(server, model)
  server.task = end
  await look()
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass }])
  expect(JSON.stringify(model.requests[1]?.body)).toContain('may have taken effect')
})

test('what a task asks parks the run with a card, and the answer goes back once', async () => {
  await using server = await extensionTaskServer()
  await using model = await openAIServer(dig, { text: 'It was gold.' })
  const { thread } = await parked(server, model)
  const inputRequests = { seats: { method: 'elicitation/create', params: { mode: 'form', ...SEATS } } }
  server.task = { status: 'input_required', inputRequests }
  await look()
  expect(await statuses()).toEqual(['done', 'waiting'])
  await look()
  await look()
  const cards = (await items(thread)).filter((item) => item.type === 'widget')
  expect(cards).toHaveLength(1)
  const form = nodes(cards[0]?.widget as never).find(({ type }) => type === 'Form')
  const action = form?.onSubmitAction as { type: string; payload: object }
  server.task = { status: 'working' }
  const values = { f0: 'Ada', f1: '4' }
  const { events } = await agentDoor(ann).act(thread, cards[0] as never, {
    ...action,
    payload: { ...action.payload, values },
  })
  expect(widgets(events)).toHaveLength(1)
  expect(server.answers).toEqual([{ seats: { action: 'accept', content: { guest: 'Ada', seats: 4 } } }])
  server.task = { status: 'completed', result: gold }
  await look()
  expect(JSON.stringify(await items(thread))).toContain('It was gold.')
  expect(await ledger()).toMatchObject([{ status: 'succeeded' }])
  const input = model.requests[1]?.body.input as { type?: string }[]
  expect(input.filter(({ type }) => type === 'function_call_output')).toHaveLength(1)
})

test('a question that nobody answers ends the task, too', async () => {
  await using server = await extensionTaskServer()
  await using model = await openAIServer(dig, { text: 'What else?' })
  const { thread } = await parked(server, model)
  const inputRequests = { seats: { method: 'elicitation/create', params: { mode: 'form', ...SEATS } } }
  server.task = { status: 'input_required', inputRequests }
  await look()
  await agentDoor(ann).say(thread, 'never mind')
  await look()
  expect(server.asked.filter((method) => method === 'tasks/cancel')).toHaveLength(1)
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'input_required' }])
})
