import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { message, open, type Stream } from '#tests/support/browser/browser-tab.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { startApp } from '#tests/support/processes/app-server.ts'
import { type Replicas, startReplicas } from '#tests/support/processes/replicas.ts'
import { type TaskServer, taskServer } from '#tests/support/tool-servers/task-server.ts'

// Calls that go on as tasks, while the processes of the product die: the result comes once, by the
// task's id, and the call is never made again.

vi.setConfig({ testTimeout: 240_000 })

let apps: Replicas
let server: TaskServer
let model: OpenAIServer
let ann: Awaited<ReturnType<typeof signedIn>>

const calls = () => server.asked.filter((method) => method === 'tools/call').length
const ledger = async () => (await listToolCalls({ caller: ann.caller }, { tool: 'dig' })).data
const tasks = () => withCaller(ann.caller, (tx) => tx.serverTask.findMany())
const textOf = (stream: Stream) =>
  stream.events.flatMap((event) =>
    event.type === 'thread.item.done' && event.item.type === 'assistant_message'
      ? event.item.content.map(({ text }) => text)
      : [],
  )

beforeAll(async () => {
  server = await taskServer()
  // Each answer begins with a call, and goes on once it has a result.
  model = await openAIServer()
  model.otherwise(({ body }) => {
    const input = body.input as { type?: string; output?: unknown }[]
    const last = input.at(-1)
    if (last?.type === 'function_call_output') return { text: `It was ${JSON.stringify(last.output)}` }
    return { calls: [{ name: 'dig', arguments: { place: 'garden' } }] }
  })
  apps = await startReplicas(settings())
}, 240_000)
afterAll(async () => {
  await apps?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})
beforeEach(async () => {
  ann = await signedIn()
  server.tasks.length = 0
  server.asked.length = 0
})

function settings(): Record<string, string> {
  return {
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'k', THREAD_TITLES: 'first_words' },
    ...{ MCP_SERVER_URL: server.url, MCP_BUILTIN: 'off', LOG_LEVEL: 'warn' },
  }
}

async function begin(url: string): Promise<Stream> {
  return open(url, ann, 'threads.create', message('dig in the garden'))
}

async function watch(url: string, thread: string): Promise<Stream> {
  return open(url, ann, 'threads.attach', { thread_id: thread, wait: true })
}

test('a task is taken up by one of two replicas, and the page at the other sees the answer', async () => {
  const stream = await (await begin(apps.one.url)).read()
  expect(await tasks()).toMatchObject([{ status: 'working', endedAt: null }])
  const [here, there] = [await watch(apps.one.url, stream.threadId), await watch(apps.two.url, stream.threadId)]
  const reading = Promise.all([here.read(), there.read()])
  await server.tasks[0]?.say('3 of 6: digging')
  await expect.poll(async () => (await tasks())[0]?.said, { timeout: 30_000 }).toBe('3 of 6: digging')
  await server.tasks[0]?.finish('gold')
  await reading
  expect(textOf(here)).toEqual([expect.stringContaining('gold')])
  expect(textOf(there)).toEqual(textOf(here))
  expect(JSON.stringify(here.events)).toContain('Dig (3 of 6)')
  expect(await ledger()).toMatchObject([{ status: 'succeeded' }])
  expect(calls()).toBe(1)
})

test.each([
  ['after its run was parked', 0],
  ['before its run was parked', 1],
])('kill -9 %s: the other replica goes on by the task’s id', async (_, early) => {
  const doomed = await apps.start()
  const stream = await begin(doomed.url)
  const reading = stream.read().catch(() => undefined)
  await expect.poll(async () => (await tasks()).length, { timeout: 30_000 }).toBe(1)
  if (!early) await reading
  doomed.kill('SIGKILL')
  await doomed.ended
  await reading
  const seen = await watch(apps.two.url, stream.threadId)
  const following = seen.read()
  await server.tasks[0]?.finish('gold')
  await expect
    .poll(async () => (await ledger()).map(({ status }) => status), { timeout: 60_000 })
    .toEqual(['succeeded'])
  await following
  await expect.poll(async () => (await tasks())[0]?.endedAt ?? null, { timeout: 30_000 }).not.toBeNull()
  const items = await (await watch(apps.one.url, stream.threadId)).read()
  expect(items.events).toEqual([])
  expect(calls()).toBe(1)
  expect(server.asked.filter((method) => method === 'tasks/result').length).toBeLessThanOrEqual(3)
})

test('kill -9 of the only process: it goes on after its restart', async () => {
  const databaseUrl = process.env.DATABASE_DIRECT_URL ?? ''
  const env = { ...settings(), APP_URL: apps.proxy.url }
  for (const app of [apps.one, apps.two]) app.kill('SIGSTOP')
  try {
    const doomed = await startApp({ databaseUrl, env })
    const stream = await (await begin(doomed.url)).read()
    doomed.kill('SIGKILL')
    await doomed.ended
    await server.tasks[0]?.finish('gold')
    const again = await startApp({ databaseUrl, env })
    try {
      await expect
        .poll(async () => (await ledger()).map(({ status }) => status), { timeout: 60_000 })
        .toEqual(['succeeded'])
      expect(calls()).toBe(1)
      expect(stream.complete).toBe(true)
    } finally {
      await again.stop()
    }
  } finally {
    for (const app of [apps.one, apps.two]) app.kill('SIGCONT')
  }
})
