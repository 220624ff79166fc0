import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { makeTakeUp } from '#app/api/chatkit/take-up-tasks.ts'
import { handleAction } from '#lib/agent/handle-action.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import { lookAtDueTasks } from '#lib/agent/tasks/look-at-tasks.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { recoverRuns } from '#lib/runs/recover-runs.ts'
import { agentDoor } from '#tests/support/agent-door.ts'
import { typed } from '#tests/support/chatkit/chatkit.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { untilDatabaseIsOld } from '#tests/support/processes/old-database.ts'
import { withSettings } from '#tests/support/settings.ts'
import { type TaskServer, taskServer } from '#tests/support/tool-servers/task-server.ts'

// kill -9 between the beginning of a task and its result: another process goes on by the task's id.

beforeAll(untilDatabaseIsOld)

let ann: Awaited<ReturnType<typeof signedIn>>
beforeEach(async () => {
  ann = await signedIn()
})

const takeUp = makeTakeUp({ respond: runTurn, act: handleAction })
const dig = { calls: [{ name: 'dig', arguments: { place: 'garden' }, id: 'c1' }] }
const ledger = async () => (await listToolCalls({ caller: ann.caller }, { tool: 'dig' })).data
const tasks = () => withCaller(ann.caller, (tx) => tx.serverTask.findMany())
const runs = () => withCaller(ann.caller, (tx) => tx.run.findMany({ orderBy: { createdAt: 'asc' } }))

function settings(server: TaskServer, model: OpenAIServer) {
  return {
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'k', MCP_BUILTIN: 'off' },
    ...{ MCP_SERVER_URL: server.url, THREAD_TITLES: 'first_words' },
  }
}

function start(program: string, env: object, ...args: string[]): ChildProcess {
  const file = path.join(import.meta.dirname, '../../support/processes', program)
  return spawn(process.execPath, [file, ...args], { env: { ...process.env, ...env }, stdio: 'ignore' })
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
  // Its heartbeat has stopped. The test does not wait the ten seconds until that is noticed.
  const ago = new Date(Date.now() - 60_000)
  await withSystem('recovery', (tx) =>
    tx.run.updateMany({ where: { lastSeq: null }, data: { heartbeatAt: ago, createdAt: ago } }),
  )
  await recoverRuns()
}

/** Looks until a condition holds, as a process of the product does. */
async function lookUntil(holds: () => Promise<boolean>): Promise<void> {
  await expect
    .poll(
      async () => {
        await withSystem('runs', (tx) => tx.serverTask.updateMany({ data: { pollAt: new Date(0), leaseUntil: null } }))
        await lookAtDueTasks(takeUp)
        return holds()
      },
      { timeout: 60_000, interval: 300 },
    )
    .toBe(true)
}

const isAnswered = async (thread: string) =>
  (await agentDoor(ann).read(thread)).some(({ type }) => type === 'assistant_message')

/** Begins a turn in another process, and kills that once its call has become a task. */
async function killedTurn(server: TaskServer, model: OpenAIServer): Promise<string> {
  const body = JSON.stringify({ type: 'threads.create', params: { input: typed('dig') } })
  const child = start('turn-process.ts', settings(server, model), ann.caller.userId, body)
  await expect.poll(async () => (await tasks()).length, { timeout: 90_000 }).toBe(1)
  await kill(child)
  withSettings(settings(server, model))
  return (await tasks())[0]?.threadId ?? ''
}

test('a process that is killed before its run is parked loses nothing', { timeout: 240_000 }, async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'It was gold.' })
  const thread = await killedTurn(server, model)
  expect((await runs()).map(({ status }) => status)).toEqual(['interrupted'])
  expect(await ledger()).toMatchObject([{ status: 'pending' }])
  await server.tasks[0]?.finish('gold')
  await lookUntil(() => isAnswered(thread))
  expect(await ledger()).toMatchObject([{ status: 'succeeded', callId: 'c1' }])
  expect(server.tasks).toHaveLength(1)
  const input = model.requests.at(-1)?.body.input as { type?: string; call_id?: string }[]
  expect(input.filter(({ call_id }) => call_id === 'c1')).toHaveLength(2)
  expect(JSON.stringify(input)).toContain('gold')
})

test('a process that is killed while it takes up a result leaves that to the next', { timeout: 240_000 }, async () => {
  await using server = await taskServer()
  await using model = await openAIServer(dig, { text: 'It was gold.' })
  const thread = await killedTurn(server, model)
  const gate = Promise.withResolvers<void>()
  server.resultGate = gate.promise
  await server.tasks[0]?.finish('gold')
  const before = server.asked.filter((method) => method === 'tasks/result').length
  const child = start('task-process.ts', settings(server, model))
  await expect
    .poll(() => server.asked.filter((method) => method === 'tasks/result').length, { timeout: 90_000 })
    .toBe(before + 1)
  await kill(child)
  expect(await ledger()).toMatchObject([{ status: 'pending' }])
  server.resultGate = undefined
  gate.resolve()
  await lookUntil(() => isAnswered(thread))
  expect(await ledger()).toMatchObject([{ status: 'succeeded' }])
  expect(server.tasks).toHaveLength(1)
  expect(model.requests).toHaveLength(2)
})
