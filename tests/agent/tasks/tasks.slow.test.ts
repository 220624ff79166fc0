import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { makeTakeUp } from '#app/api/chatkit/take-up-tasks.ts'
import { handleAction } from '#lib/agent/handle-action.ts'
import { repeatCall } from '#lib/agent/repeat-call.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import { beginDueLooks, lookAtDueTasks } from '#lib/agent/tasks/look-at-tasks.ts'
import type { WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { endAccess } from '#lib/data/people/end-access.ts'
import { leaseDueTasks, noteLook } from '#lib/data/runs/tasks/lease-due-tasks.ts'
import type { ServerTask } from '#lib/data/runs/tasks/server-tasks.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { savePolicy } from '#lib/data/servers/policies.ts'
import { TASK_PATIENCE } from '#lib/mcp-client/tasks/reach-task.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { AppError } from '#lib/platform/errors.ts'
import { agentDoor, nodes, said } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { SEATS } from '#tests/support/tool-servers/asking-server.ts'
import { type DugTask, type TaskServer, taskServer } from '#tests/support/tool-servers/task-server.ts'

// Tasks of 2025-11-25, from the browser's JSON to the rows: the ChatKit endpoint, the real agent, a
// real MCP server and a real database.

type Person = Awaited<ReturnType<typeof signedIn>>
let ann: Person

beforeEach(async () => {
  TASK_PATIENCE.begun = 200
  ann = await signedIn({ role: 'admin' })
})

const takeUp = makeTakeUp({ respond: runTurn, act: handleAction })
const dig = { calls: [{ name: 'dig', arguments: { place: 'garden' }, id: 'c1' }] }
const ledger = async () => (await listToolCalls({ caller: ann.caller }, { tool: 'dig' })).data.reverse()
const rows = () => withCaller(ann.caller, (tx) => tx.serverTask.findMany({ orderBy: { createdAt: 'asc' } }))
const runs = () => withCaller(ann.caller, (tx) => tx.run.findMany({ orderBy: { createdAt: 'asc' } }))
const statuses = async () => (await runs()).map(({ status }) => status)
const lines = async (thread: string) =>
  (await agentDoor(ann).read(thread)).flatMap((item) =>
    item.type === 'workflow' ? item.workflow.tasks.map((task) => [task.title, task.status_indicator]) : [],
  )
const answers = async (thread: string) =>
  (await agentDoor(ann).read(thread)).flatMap((item) =>
    item.type === 'assistant_message' ? item.content.map(({ text }) => text) : [],
  )

function ready(server: TaskServer, model: OpenAIServer, more = {}): void {
  withSettings({
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k', MCP_BUILTIN: 'off', MCP_SERVER_URL: server.url },
    ...{ THREAD_TITLES: 'first_words', ...more },
  })
}

/** A turn whose call has become a task that goes on. */
async function parked(server: TaskServer, model: OpenAIServer, more = {}) {
  ready(server, model, more)
  const first = await agentDoor(ann).begin('dig in the garden')
  const [task] = server.tasks
  if (!task) throw new Error(`no task was begun: ${JSON.stringify(first.events)}`)
  return { thread: threadOf(first), task, events: first.events }
}

async function endAccessOf(person: Person): Promise<void> {
  const { userId } = person.caller
  await withSystem('sign-in', async (tx) => {
    await tx.user.update({ where: { id: userId }, data: { disabledAt: new Date() } })
    await endAccess(tx, userId, 'account_disabled')
  })
}

/** Has an admin say that every call of this server needs approval. */
async function askFor(server: TaskServer): Promise<void> {
  const name = new URL(server.url).host.replace(/[^A-Za-z0-9]+/g, '_')
  const nothing = {
    afterUntrusted: null,
    hidden: [],
    repeatable: false,
    idleSeconds: null,
    hardSeconds: null,
    connectSeconds: null,
  }
  await savePolicy(ann.caller, { server: name, tool: '*', approval: 'always', ...nothing })
}

/** Makes every task due, looks once, and waits for the runs that took them up. */
async function look(): Promise<void> {
  await withSystem('runs', (tx) => tx.serverTask.updateMany({ data: { pollAt: new Date(0), leaseUntil: null } }))
  await lookAtDueTasks(takeUp)
  await expect
    .poll(async () => (await statuses()).some((status) => status === 'queued' || status === 'running'))
    .toBe(false)
}

test('a call that becomes a task parks its run, and its result is answered when it ends', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'It was gold.' })
  const { thread, task } = await parked(server, model)
  expect(await statuses()).toEqual(['waiting'])
  expect(await ledger()).toMatchObject([{ status: 'pending', callId: 'c1' }])
  expect(await rows()).toMatchObject([{ status: 'working', endedAt: null, tool: 'dig' }])
  expect(JSON.stringify(await rows())).not.toContain(task.id)
  expect(await lines(thread)).toEqual([['Dig', 'loading']])
  expect(model.requests).toHaveLength(1)
  expect(server.holds(task.session)).toBe(true)

  await task.say('2 of 6: digging')
  await look()
  expect(await rows()).toMatchObject([{ said: '2 of 6: digging', polls: 1 }])
  expect(await statuses()).toEqual(['waiting'])

  await task.finish('gold')
  await look()
  expect(await answers(thread)).toEqual(['It was gold.'])
  expect(await statuses()).toEqual(['done', 'done'])
  expect(await ledger()).toMatchObject([{ status: 'succeeded', callId: 'c1' }])
  expect((await rows())[0]?.endedAt).not.toBeNull()
  expect(await lines(thread)).toEqual([['Dig', 'complete']])
  expect(JSON.stringify(model.requests[1]?.body)).toContain('gold')
  expect(JSON.stringify(model.requests[1]?.body)).not.toContain('background')
  expect(server.asked.filter((method) => method === 'tools/call')).toHaveLength(1)
  expect(server.holds(task.session)).toBe(false)
  await look()
  expect(model.requests).toHaveLength(2)
})

test('a task that ends within seconds is answered in the same run', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'It was gold.' })
  ready(server, model)
  const turn = agentDoor(ann).begin('dig')
  await expect.poll(() => server.tasks.length).toBe(1)
  await server.tasks[0]?.finish('gold')
  expect(said((await turn).events)).toBe('It was gold.')
  expect(await statuses()).toEqual(['done'])
  expect(await ledger()).toMatchObject([{ status: 'succeeded' }])
  expect((await rows())[0]?.endedAt).not.toBeNull()
  expect(server.holds(server.tasks[0]?.session)).toBe(false)
})

test('a new message is answered meanwhile, and the result comes after it, as an answer of its own', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'Of course.' }, { text: 'It was gold.' })
  const { thread, task } = await parked(server, model)
  expect(said((await agentDoor(ann).say(thread, 'wait for it')).events)).toBe('Of course.')
  expect(JSON.stringify(model.requests[1]?.body)).toContain('do not call it again')
  expect(await rows()).toMatchObject([{ status: 'working', stopAt: null }])
  await task.finish('gold')
  await look()
  expect(await answers(thread)).toEqual(['Of course.', 'It was gold.'])
  const input = model.requests[2]?.body.input as { type?: string; call_id?: string }[]
  expect(input.at(-1)).toMatchObject({ type: 'function_call_output', call_id: 'c1' })
  expect(input.filter(({ type }) => type === 'function_call_output')).toHaveLength(1)
  expect(await lines(thread)).toEqual([['Dig', 'complete']])
  expect(await ledger()).toMatchObject([{ status: 'succeeded' }])
})

test('a result that comes after the messages were summarised is read in this turn and in the next', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(
    dig,
    { text: 'Ann waits for a dig.' },
    { text: 'It was gold.' },
    { text: 'Yes.' },
  )
  const { thread, task } = await parked(server, model)
  await agentDoor(ann).say(thread, '/compact')
  await task.finish('gold')
  await look()
  expect(await answers(thread)).toEqual(['It was gold.'])
  await agentDoor(ann).say(thread, 'really?')
  const input = model.requests[3]?.body.input as { type?: string; call_id?: string; output?: string }[]
  expect(JSON.stringify(input)).toContain('<Summary')
  const results = input.filter(({ type }) => type === 'function_call_output')
  expect(results).toMatchObject([{ call_id: 'c1', output: expect.stringContaining('gold') }])
  expect((await lines(thread)).filter(([title]) => title === 'Dig')).toEqual([['Dig', 'complete']])
})

test('Stop cancels the task at its server, once', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig)
  const { thread } = await parked(server, model)
  const stopping = agentDoor(ann).ask({ type: 'threads.stop', params: { thread_id: thread } })
  await expect.poll(async () => (await rows())[0]?.stopAt).not.toBeNull()
  await look()
  expect((await stopping).status).toBe(200)
  expect(server.asked.filter((method) => method === 'tasks/cancel')).toHaveLength(1)
  expect(await ledger()).toMatchObject([{ status: 'cancelled', failureClass: 'cancelled' }])
  expect(await statuses()).toEqual(['stopped'])
  expect(await lines(thread)).toEqual([['Dig', 'complete']])
  await look()
  expect(model.requests).toHaveLength(1)
})

test('a server that does not confirm the stop leaves the outcome unknown', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig)
  const { thread } = await parked(server, model)
  server.refusals.push(500)
  const stopping = agentDoor(ann).ask({ type: 'threads.stop', params: { thread_id: thread } })
  await expect.poll(async () => (await rows())[0]?.stopAt).not.toBeNull()
  await look()
  await stopping
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'cancelled' }])
})

test.each([
  ['fails', 'server_error', (task: DugTask) => task.fail('the spade broke')],
  ['is forgotten by its server', 'outcome_unknown', async (task: DugTask) => task.forget()],
])('a task that %s ends in doubt, and the model is told', async (_, failureClass, end) => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'It did not work.' })
  const { thread, task } = await parked(server, model)
  await end(task)
  await look()
  expect(await answers(thread)).toEqual(['It did not work.'])
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass }])
  expect(JSON.stringify(model.requests[1]?.body)).toContain('may have taken effect')
  expect((await rows())[0]?.endedAt).not.toBeNull()
})

test('a server that has lost the session is asked in another one', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'It did not work.' })
  const { task } = await parked(server, model)
  server.drop(task.session)
  await look()
  await look()
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'outcome_unknown' }])
})

test('a task that never ends is cancelled after its time', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig)
  const { thread } = await parked(server, model, { MCP_TASK_TIMEOUT: '1' })
  await expect.poll(async () => ((await rows())[0]?.expiresAt ?? Number.POSITIVE_INFINITY) < new Date()).toBe(true)
  await look()
  expect(server.asked).toContain('tasks/cancel')
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'hard_timeout' }])
  expect(await statuses()).toEqual(['stopped'])
  expect(JSON.stringify(await agentDoor(ann).read(thread))).toContain('did not end in time')
})

test('a server that cannot be asked for a while is asked again, less and less often', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'It was gold.' })
  const { thread, task } = await parked(server, model)
  server.refusals.push(503, 503)
  await look()
  await look()
  expect(await rows()).toMatchObject([{ failures: 2, status: 'working' }])
  expect(((await rows())[0]?.pollAt ?? new Date()).getTime() - Date.now()).toBeGreaterThan(500)
  await task.finish('gold')
  await look()
  expect(await answers(thread)).toEqual(['It was gold.'])
  expect(await rows()).toMatchObject([{ failures: 0 }])
})

test('a server that hangs holds up its own tasks alone', async () => {
  await using hanging = await taskServer()
  await using server = await taskServer()
  const file = path.join(tmpdir(), `servers-${randomUUID()}.json`)
  const servers = [hanging, server].map(({ url }, at) => ({ name: `digger${at}`, url, pinned: false, trusted: true }))
  writeFileSync(file, JSON.stringify({ servers }))
  const call = (at: number, id: string) => ({ calls: [{ name: at === 0 ? 'dig' : 'digger1_dig', arguments: {}, id }] })
  await using model = await openAIServer(...Array.from({ length: 6 }, (_, at) => call(0, `h${at}`)), call(1, 'c1'), {
    text: 'It was gold.',
  })
  ready(server, model, { MCP_SERVER_URL: undefined, MCP_SERVERS_FILE: file })
  for (let at = 0; at < 6; at += 1) await agentDoor(ann).begin('dig at the slow one')
  const thread = threadOf(await agentDoor(ann).begin('dig at the quick one'))
  expect(hanging.tasks).toHaveLength(6)
  const gate = Promise.withResolvers<void>()
  hanging.taskGate = gate.promise
  await server.tasks[0]?.finish('gold')
  const due = () =>
    withSystem('runs', (tx) => tx.serverTask.updateMany({ where: { leaseUntil: null }, data: { pollAt: new Date(0) } }))
  // The tasks of the slow one have waited for longest.
  await due()
  await withSystem('runs', (tx) =>
    tx.serverTask.updateMany({ where: { server: 'digger1' }, data: { pollAt: new Date(1_000) } }),
  )
  const first = await beginDueLooks(takeUp)
  expect(first.count).toBe(5)
  await expect.poll(() => answers(thread)).toEqual(['It was gold.'])
  await due()
  // It has no more than four requests at once, however long they take.
  expect((await beginDueLooks(takeUp)).count).toBe(0)
  gate.resolve()
  await first.ended
  await due()
  const last = await beginDueLooks(takeUp)
  expect(last.count).toBe(4)
  await last.ended
})

test('a look that took longer than its lease changes nothing', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig)
  await parked(server, model)
  const lease = async () => {
    await withSystem('runs', (tx) => tx.serverTask.updateMany({ data: { pollAt: new Date(0), leaseUntil: null } }))
    // The tasks of other tests may be due as well.
    const due = await leaseDueTasks(100, { ofServer: 100, except: [] })
    return due.find(({ ownerId }) => ownerId === ann.caller.userId) as ServerTask
  }
  const slow = await lease()
  const quick = await lease()
  await noteLook(quick, { status: 'ended', said: 'Done.', inMs: 60_000 })
  await noteLook(slow, { status: 'working', said: 'Not yet.', inMs: 0 })
  expect(await rows()).toMatchObject([{ status: 'ended', said: 'Done.' }])
})

test('a task that waits for a thread which is not free is looked at less and less often', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig)
  const { task } = await parked(server, model)
  await task.finish('gold')
  const waitsMs = async () => Number((await rows())[0]?.pollAt) - Date.now()
  const busy = () => lookAtDueTasks(() => Promise.reject(new AppError('conflict', 'The conversation is locked.')))
  const again = (changedAt?: Date) =>
    withSystem('runs', (tx) =>
      tx.serverTask.updateMany({ data: { pollAt: new Date(0), leaseUntil: null, ...(changedAt && { changedAt }) } }),
    )
  await again()
  await busy()
  expect(await waitsMs()).toBeLessThan(3_000)
  await again(new Date(Date.now() - 3_600_000))
  await busy()
  expect(await waitsMs()).toBeGreaterThan(10_000)
})

test('the lines of more than a hundred tasks of a thread show how each stands', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig)
  const { thread } = await parked(server, model)
  const [row] = await rows()
  if (!row) throw new Error('no task is kept')
  const [call] = await withCaller(ann.caller, (tx) => tx.toolCall.findMany())
  if (!call) throw new Error('no call is kept')
  const older = new Date(Date.now() - 60_000)
  const ids = Array.from({ length: 120 }, (_, at) => `other_${ann.caller.userId}_${at}`)
  await withSystem('runs', async (tx) => {
    const { arguments: args, ...rest } = call
    await tx.toolCall.createMany({
      data: ids.map((id) => ({ ...rest, id, callId: id, arguments: args as object })) as never,
    })
    await tx.serverTask.createMany({
      data: ids.map((id) => ({ ...row, id, toolCallId: id, callId: id, createdAt: older })),
    })
  })
  expect(await lines(thread)).toEqual([['Dig', 'loading']])
})

test('a result that cannot be fetched at once is fetched later, not by calling again', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'It was gold.' })
  const { thread, task } = await parked(server, model)
  await task.finish('gold')
  await withSystem('runs', (tx) => tx.serverTask.updateMany({ data: { status: 'ended' } }))
  server.refusals.push(503)
  await look()
  expect(await answers(thread)).toEqual([])
  expect(await ledger()).toMatchObject([{ status: 'pending' }])
  await look()
  expect(await answers(thread)).toEqual(['It was gold.'])
  expect(await ledger()).toMatchObject([{ status: 'succeeded' }])
  expect(server.asked.filter((method) => method === 'tools/call')).toHaveLength(1)
})

test('what a task asks is put to its person, whose answer goes back to it', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'It was gold.' })
  const { thread, task } = await parked(server, model)
  const answered = task.ask(SEATS)
  await withSystem('runs', (tx) => tx.serverTask.updateMany({ data: { pollAt: new Date(0) } }))
  await lookAtDueTasks(takeUp)
  const questions = () => withCaller(ann.caller, (tx) => tx.question.findMany())
  await expect.poll(async () => (await questions()).length).toBe(1)
  const [row] = await questions()
  await expect.poll(async () => (await agentDoor(ann).read(thread)).some(({ id }) => id === row?.itemId)).toBe(true)
  const card = (await agentDoor(ann).read(thread)).find(({ id }) => id === row?.itemId) as WidgetItem
  const action = nodes(card.widget).find(({ type }) => type === 'Form')?.onSubmitAction as {
    type: string
    payload: object
  }
  await agentDoor(ann).ask({
    type: 'threads.sync_custom_action',
    params: {
      thread_id: thread,
      item_id: card.id,
      action: { ...action, payload: { ...action.payload, values: { f0: 'Ada', f1: '4' } } },
    },
  })
  expect(await answered).toMatchObject({ action: 'accept', content: { guest: 'Ada', seats: 4 } })
  await task.finish('gold')
  await expect.poll(async () => answers(thread)).toEqual(['It was gold.'])
  expect(await ledger()).toMatchObject([{ status: 'succeeded' }])
})

test('two processes that look at once take a result up once', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'It was gold.' }, { text: 'Twice!' })
  const { thread, task } = await parked(server, model)
  await task.finish('gold')
  const due = () =>
    withSystem('runs', (tx) => tx.serverTask.updateMany({ data: { pollAt: new Date(0), leaseUntil: null } }))
  await due()
  const first = lookAtDueTasks(takeUp)
  await due()
  await Promise.all([first, lookAtDueTasks(takeUp), lookAtDueTasks(takeUp)])
  await look()
  expect(await answers(thread)).toEqual(['It was gold.'])
  expect(model.requests).toHaveLength(2)
})

test.each([
  ['the person is disabled', async () => endAccessOf(ann)],
  ['the tool needs approval now', (server: TaskServer) => askFor(server)],
])('a result is not used if %s meanwhile', async (_, change) => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'Not used.' })
  const { task } = await parked(server, model)
  await task.finish('gold')
  await change(server)
  await look()
  expect(JSON.stringify(model.requests)).not.toContain('gold')
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'denied' }])
  expect((await rows())[0]?.endedAt).not.toBeNull()
})

test('a tool that was changed meanwhile has no result', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'Not used.' })
  const { thread, task } = await parked(server, model)
  await task.finish('gold')
  server.description = 'digs elsewhere'
  await look()
  expect(await answers(thread)).toEqual(['Not used.'])
  expect(JSON.stringify(model.requests)).not.toContain('gold')
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'denied' }])
})

test('nobody else sees, stops or follows a task', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig)
  const { thread, task } = await parked(server, model)
  const bob = await signedIn({ name: 'Bob', role: 'admin' })
  for (const [type, more] of [
    ['threads.stop', {}],
    ['threads.attach', { wait: true }],
  ] as const)
    expect((await agentDoor(bob).ask({ type, params: { thread_id: thread, ...more } })).status).toBe(404)
  server.asked.length = 0
  await withSystem('runs', (tx) =>
    tx.serverTask.updateMany({ data: { ownerId: bob.caller.userId, pollAt: new Date(0) } }),
  )
  await lookAtDueTasks(takeUp)
  expect(server.asked).not.toContain('tasks/get')
  await task.finish()
  expect(model.requests).toHaveLength(1)
})

test('the open page sees how far the task is, and then the answer', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'It was gold.' })
  const { thread, task } = await parked(server, model)
  const watching = agentDoor(ann).ask({ type: 'threads.attach', params: { thread_id: thread, wait: true } })
  await task.say('2 of 6: digging')
  await look()
  await task.say('5 of 6: nearly there')
  await look()
  await task.finish('gold')
  await look()
  const { events } = await watching
  const titles = events.flatMap((event) =>
    event.type === 'thread.item.replaced' && event.item.type === 'workflow' ? event.item.workflow.tasks : [],
  )
  expect(titles.map(({ title }) => title)).toEqual(expect.arrayContaining(['Dig (2 of 6)', 'Dig (5 of 6)']))
  expect(said(events)).toBe('It was gold.')
})

test('a thread in which nothing goes on is followed to no end', async () => {
  await using server = await taskServer()
  await using model = await openAIServer({ text: 'Hello.' })
  ready(server, model)
  const thread = threadOf(await agentDoor(ann).begin('hello'))
  const { events } = await agentDoor(ann).ask({ type: 'threads.attach', params: { thread_id: thread, wait: true } })
  expect(events).toEqual([])
})

test('ten thousand status notes change the row a few times', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'It was gold.' })
  const { thread, task } = await parked(server, model)
  for (let n = 0; n < 10_000; n += 1) await task.say(`${n} of 10000 ${'x'.repeat(500)}`)
  await look()
  expect((await rows())[0]?.said?.length).toBeLessThanOrEqual(501)
  await task.finish('gold')
  await look()
  expect(await answers(thread)).toEqual(['It was gold.'])
})

test('a result that is too large is shortened for the model, as that of any call', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'Much gold.' })
  const { thread, task } = await parked(server, model)
  await task.finish(`gold ${'g'.repeat(3_000_000)}`)
  await look()
  expect(await answers(thread)).toEqual(['Much gold.'])
  expect(JSON.stringify(model.requests[1]?.body).length).toBeLessThan(100_000)
  expect(await ledger()).toMatchObject([{ status: 'succeeded' }])
})

test('a message that is answered again has its earlier task cancelled', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'Something else.' })
  const { thread } = await parked(server, model)
  const [message] = await agentDoor(ann).read(thread)
  const params = { thread_id: thread, item_id: message?.id }
  const { events } = await agentDoor(ann).ask({ type: 'threads.retry_after_item', params })
  expect(said(events)).toBe('Something else.')
  await look()
  expect(server.asked).toContain('tasks/cancel')
  expect(await ledger()).toMatchObject([{ status: 'cancelled' }])
  expect(await answers(thread)).toEqual(['Something else.'])
})

test('a command of the person becomes a task too', async () => {
  await using server = await taskServer()
  await using model = await openAIServer()
  ready(server, model)
  const thread = threadOf(await agentDoor(ann).begin('/dig place=garden'))
  expect(await statuses()).toEqual(['waiting'])
  await server.tasks[0]?.finish('gold')
  await look()
  expect((await answers(thread)).join()).toContain('gold')
  expect(model.requests).toHaveLength(0)
  expect(server.tasks).toHaveLength(1)
})

test('where nobody waits, a tool that may run as a task is called without one', async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'It was gold.' })
  const { task, thread } = await parked(server, model)
  await task.finish('gold')
  await look()
  expect(await answers(thread)).toEqual(['It was gold.'])
  const [call] = await ledger()
  await repeatCall(ann.caller, call?.id ?? '', { twice: true })
  expect((await ledger()).at(-1)).toMatchObject({
    status: 'failed',
    failureClass: 'denied',
    errorMessage: expect.stringContaining('only as a task'),
  })
  expect(server.tasks).toHaveLength(1)
})
