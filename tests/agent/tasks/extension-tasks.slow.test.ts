import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, expect, test } from 'vitest'
import { makeTakeUp } from '#app/api/chatkit/take-up-tasks.ts'
import { handleAction } from '#lib/agent/handle-action.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import { lookAtDueTasks } from '#lib/agent/tasks/look-at-tasks.ts'
import { RunTasks } from '#lib/agent/tasks/run-tasks.ts'
import { AssistantConfig } from '#lib/data/assistants/assistant-config.ts'
import { removeAssistant, saveAssistant } from '#lib/data/assistants/assistants.ts'
import { switchOff } from '#lib/data/chat/switched-off-tools.ts'
import { stopRunsOf } from '#lib/data/runs/runs.ts'
import { claimServerTasks, endServerTask, endTasksOf, type ServerTask } from '#lib/data/runs/tasks/server-tasks.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { TASK_RESULT } from '#lib/mcp-client/calls/results.ts'
import { openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { TASK_PATIENCE } from '#lib/mcp-client/tasks/reach-task.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'
import { agentDoor, nodes, said, widgets } from '#tests/support/agent-door.ts'
import { threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { SEATS } from '#tests/support/tool-servers/asking-server.ts'
import { type ExtensionTaskServer, extensionTaskServer } from '#tests/support/tool-servers/extension-task-server.ts'
import { callingRun, textOf, toolServer } from '#tests/support/tool-servers/tool-servers.ts'

// Tasks of the extension of 2026-07-28: the server answers a call with a task, and its description
// brings the result.

let ann: Awaited<ReturnType<typeof signedIn>>
beforeEach(async () => {
  Object.assign(TASK_PATIENCE, { begun: 400, takenUp: 20_000 })
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

const rows = () => withCaller(ann.caller, (tx) => tx.serverTask.findMany())
const due = () =>
  withSystem('runs', (tx) => tx.serverTask.updateMany({ data: { pollAt: new Date(0), leaseUntil: null } }))
const inputRequests = { seats: { method: 'elicitation/create', params: { mode: 'form', ...SEATS } } }

const waitingCall = {
  ...{ callId: 'c1', rowId: 'row', server: 'outside', tool: 'dig', name: 'dig', args: {}, toolHash: '' },
  ...{ onlyReads: false, questions: [], answers: {}, rounds: 1, workedMs: 0 },
}

/** Fills in the card of the thread's question, and sends it. */
async function submit(thread: string) {
  const card = (await items(thread)).find((item) => item.type === 'widget')
  const form = nodes(card?.widget as never).find(({ type }) => type === 'Form')
  const action = form?.onSubmitAction as { type: string; payload: object }
  const payload = { ...action.payload, values: { f0: 'Ada', f1: '4' } }
  return agentDoor(ann).act(thread, card as never, { ...action, payload })
}

async function look(): Promise<void> {
  await due()
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

test('an answer goes to the call of the assistant that asked for it, although another one answers now', async () => {
  const slug = `t${randomUUID().slice(0, 8)}`
  const config = AssistantConfig.parse({ name: 'Talker', tools: { kind: 'none' } })
  await saveAssistant(ann.caller, slug, config, { base: 0 })
  await using server = await extensionTaskServer()
  await using model = await openAIServer(dig, { text: 'Let us talk.' }, { text: 'It was gold.' })
  const { thread } = await parked(server, model)
  const tag = { type: 'input_tag', id: `assistant:${slug}`, text: slug, data: { kind: 'assistant', assistant: slug } }
  const text = typed('hello')
  const input = { ...text, content: [tag, ...text.content] }
  await agentDoor(ann).ask({ type: 'threads.add_user_message', params: { thread_id: thread, input } })
  const inputRequests = { seats: { method: 'elicitation/create', params: { mode: 'form', ...SEATS } } }
  server.task = { status: 'input_required', inputRequests }
  await look()
  const [card] = (await items(thread)).filter((item) => item.type === 'widget')
  const action = nodes(card?.widget as never).find(({ type }) => type === 'Form')?.onSubmitAction as { payload: object }
  server.task = { status: 'working' }
  const payload = { ...action.payload, values: { f0: 'Ada', f1: '4' } }
  await agentDoor(ann).act(thread, card, { ...action, payload })
  expect(server.answers).toEqual([{ seats: { action: 'accept', content: { guest: 'Ada', seats: 4 } } }])
  await removeAssistant(ann.caller, slug)
})

test('a question that nobody answers ends the task, too', async () => {
  await using server = await extensionTaskServer()
  await using model = await openAIServer(dig, { text: 'What else?' })
  const { thread } = await parked(server, model)
  server.task = { status: 'input_required', inputRequests }
  await look()
  await agentDoor(ann).say(thread, 'never mind')
  await look()
  expect(server.asked.filter((method) => method === 'tasks/cancel')).toHaveLength(1)
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'input_required' }])
})

test('Stop cancels the task at its server', async () => {
  await using server = await extensionTaskServer()
  await using model = await openAIServer(dig)
  const { thread } = await parked(server, model)
  const stopping = agentDoor(ann).ask({ type: 'threads.stop', params: { thread_id: thread } })
  await expect.poll(async () => (await rows())[0]?.stopAt).not.toBeNull()
  await look()
  await stopping
  expect(server.asked.filter((method) => method === 'tasks/cancel')).toHaveLength(1)
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'cancelled' }])
  expect(await rows()).toMatchObject([{ sealed: '' }])
})

test('a run that died with the answer has the server asked again', async () => {
  await using server = await extensionTaskServer()
  await using model = await openAIServer(dig, { text: 'It was gold.' })
  const { thread } = await parked(server, model)
  server.task = { status: 'input_required', inputRequests }
  await look()
  // What is left of a process that took the answer and died.
  await withSystem('runs', (tx) => tx.parkedRun.updateMany({ data: { sealed: 'lost' } }))
  await submit(thread)
  expect(await rows()).toMatchObject([{ status: 'asking', endedAt: null }])
  await look()
  expect(await statuses()).toEqual(['done', 'done', 'done'])
  await withSystem('runs', (tx) => tx.run.updateMany({ data: { finishedAt: new Date(Date.now() - 60_000) } }))
  server.task = { status: 'completed', result: gold }
  await look()
  expect(JSON.stringify(await items(thread))).toContain('It was gold.')
  expect(await ledger()).toMatchObject([{ status: 'succeeded' }])
})

test('what was answered is not asked again, although the server goes on to name it', async () => {
  await using server = await extensionTaskServer()
  await using model = await openAIServer(dig, { text: 'It was gold.' })
  const { thread } = await parked(server, model)
  TASK_PATIENCE.takenUp = 400
  server.task = { status: 'input_required', inputRequests }
  await look()
  await submit(thread)
  await look()
  await look()
  expect(server.answers).toHaveLength(1)
  expect((await items(thread)).filter((item) => item.type === 'widget')).toHaveLength(1)
  expect(await rows()).toMatchObject([{ status: 'working', failures: 0 }])
  server.task = { status: 'completed', result: gold }
  await look()
  expect(JSON.stringify(await items(thread))).toContain('It was gold.')
})

test('a task that asks without end for what nobody may be asked is ended', async () => {
  await using server = await extensionTaskServer()
  await using model = await openAIServer(dig, { text: 'It did not work.' })
  const schema = { type: 'object', properties: { password: { type: 'string' } } }
  const params = { mode: 'form', message: 'Your password?', requestedSchema: schema }
  let count = 0
  server.task = {
    status: 'input_required',
    get inputRequests() {
      count += 1
      return { [`k${count}`]: { method: 'elicitation/create', params } }
    },
  }
  await parked(server, model)
  expect(server.answers.length).toBeLessThan(30)
  expect(server.asked).toContain('tasks/cancel')
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'input_required' }])
})

test('a result with which every run breaks off is given up', async () => {
  await using server = await extensionTaskServer()
  await using model = await openAIServer(dig)
  await parked(server, model)
  server.task = { status: 'completed', result: gold }
  let taken = 0
  for (let n = 0; n < 12; n += 1) {
    await due()
    await lookAtDueTasks(async (task) => {
      taken += 1
      await claimServerTasks(ann.caller, task, task.runId)
    })
  }
  expect(taken).toBe(8)
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'outcome_unknown' }])
})

test('a task whose call is refused before it goes on ends with the call', async () => {
  await using server = await extensionTaskServer()
  const run = await callingRun(ann.caller)
  const ended: string[] = []
  const tasks = new RunTasks({ run: { ...run, ownerId: run.userId }, runs: [], store: {} as never, steps: {} as never })
  tasks.end = async (rowId) => void ended.push(rowId)
  const mcp = await openMcp({ ...run, tasks }, { servers: [toolServer(server.url)] })
  await switchOff(ann.caller, run.threadId, [{ server: 'outside', tool: 'dig' }])
  const task = { id: 't', url: server.url, isModern: true }
  const result = await mcp.connections[0]?.continueCall({ ...waitingCall, task })
  await mcp.close()
  expect(textOf(result)).toContain('switched this tool off')
  expect(ended).toEqual(['row'])
  expect(server.asked).toEqual([])
})

test('a result is kept at a server that is away when a run takes it up', async () => {
  await using server = await extensionTaskServer()
  await using model = await openAIServer(dig, { text: 'It was gold.' })
  const { thread } = await parked(server, model)
  server.task = { status: 'completed', result: gold }
  await withSystem('runs', (tx) => tx.serverTask.updateMany({ data: { status: 'ended' } }))
  server.isDown = true
  await look()
  expect(await rows()).toMatchObject([{ status: 'working', endedAt: null }])
  expect(await ledger()).toMatchObject([{ status: 'pending' }])
  server.isDown = false
  noteAnswer(server.url)
  await look()
  expect(JSON.stringify(await items(thread))).toContain('It was gold.')
  expect(await ledger()).toMatchObject([{ status: 'succeeded' }])
})

test('a task whose server cannot be reached goes on, with the tools known from before', async () => {
  await using server = await extensionTaskServer()
  const run = await callingRun(ann.caller)
  const tasks = new RunTasks({ run: { ...run, ownerId: run.userId }, runs: [], store: {} as never, steps: {} as never })
  const kept: string[] = []
  Object.assign(tasks, { putBack: async ({ rowId }: { rowId: string }) => kept.push(rowId), park: () => undefined })
  const mcp = await openMcp({ ...run, tasks }, { servers: [toolServer(server.url)] })
  await mcp.close()
  const again = await openMcp({ ...run, tasks }, { servers: mcp.connections.map((one) => one.server) })
  server.isDown = true
  const result = await again.connections[0]?.continueCall({
    ...waitingCall,
    task: { id: 't', url: server.url, isModern: true },
  })
  await again.close()
  expect(result).toBe(TASK_RESULT)
  expect(kept).toEqual(['row'])
})

test.each([
  ['ends', ({ toolCallId }: ServerTask, _: string) => endServerTask(ann.caller, toolCallId)],
  ['is taken up', (task: ServerTask, by: string) => claimServerTasks(ann.caller, task, by)],
])('access can be ended while a task %s', async (_, work) => {
  await using server = await extensionTaskServer()
  await using model = await openAIServer(dig)
  await parked(server, model)
  await withSystem('runs', (tx) => tx.serverTask.updateMany({ data: { status: 'ended' } }))
  const [task] = (await rows()) as ServerTask[]
  if (!task) throw new Error('there is no task')
  const by = newId('run')
  const about = { ownerId: ann.caller.userId, threadId: task.threadId, requestId: 'r', operation: 'o' }
  await withCaller(ann.caller, (tx) => tx.run.create({ data: { id: by, ...about } }))
  let working: Promise<unknown> = Promise.resolve()
  await withSystem('sign-in', async (tx) => {
    await stopRunsOf(tx, ann.caller.userId, 'The account was disabled.')
    working = work(task, by)
    working.catch(() => undefined)
    const listWaiting = () => tx.$queryRaw<object[]>`
      SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()`
    while ((await listWaiting()).length === 0) await sleep(20)
    await endTasksOf(tx, ann.caller.userId)
  })
  await working
  expect(await statuses()).toEqual(['stopped', 'stopped'])
})
