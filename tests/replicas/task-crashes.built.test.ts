import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { AssistantConfig, DEFAULT_SLUG } from '#lib/data/assistants/assistant-config.ts'
import { saveAssistant } from '#lib/data/assistants/assistants.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { message, open, post, textOf } from '#tests/support/browser/browser-tab.ts'
import { type OpenAIServer, openAIServer, type RecordedRequest } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'
import { becomeFound, killNow, letTimePass } from '#tests/support/processes/crash.ts'
import { type TaskServer, taskServer } from '#tests/support/tool-servers/task-server.ts'

// kill -9 of the built app while a task goes on at a tool server, and after a handover: one effect
// at most, the truth in the ledger, and no line or run without an end.

// Processes start and stop here, which is slow on a busy machine.
vi.setConfig({ testTimeout: 480_000 })

const databaseUrl = process.env.DATABASE_DIRECT_URL ?? ''
let model: OpenAIServer
let server: TaskServer
let ann: Awaited<ReturnType<typeof signedIn>>
/** Those that run. */
const apps = new Set<AppServer>()

async function start(): Promise<AppServer> {
  const app = await startApp({
    databaseUrl,
    env: {
      ...{ OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'k', THREAD_TITLES: 'first_words' },
      ...{ MCP_BUILTIN: 'off', MCP_SERVER_URL: server.url, APP_URL: 'http://127.0.0.1:3999' },
    },
  })
  apps.add(app)
  return app
}

async function kill(app: AppServer): Promise<void> {
  await killNow(app)
  apps.delete(app)
}

beforeAll(async () => {
  model = await openAIServer()
  server = await taskServer()
  const admin = await signedIn({ role: 'admin' })
  await saveAssistant(admin.caller, 'travel', AssistantConfig.parse({ name: 'Travel' }), { base: 0 })
}, BUILD_MS)

afterAll(async () => {
  for (const app of apps) await app.stop()
  for (const one of [server, model]) await one?.[Symbol.asyncDispose]()
})

beforeEach(async () => {
  ann = await signedIn()
  Object.assign(server, { tasks: [], asked: [] })
})

type Sent = { name: string }
const offers = ({ body }: RecordedRequest, tool: string) => (body.tools as Sent[]).some(({ name }) => name === tool)
const hasResult = ({ body }: RecordedRequest) => JSON.stringify(body.input).includes('function_call_output')
const ledger = async () => (await listToolCalls({ caller: ann.caller })).data.map(({ tool, status }) => [tool, status])
const tasks = () => withCaller(ann.caller, (tx) => tx.serverTask.findMany())
const runs = async () => (await withCaller(ann.caller, (tx) => tx.run.findMany())).map(({ status }) => status)

async function items({ url }: AppServer, thread: string): Promise<ThreadItem[]> {
  const answer = await post(url, ann, 'items.list', { thread_id: thread, order: 'asc', limit: 100 })
  return ((await answer.json()) as { data: ThreadItem[] }).data
}

const answers = (all: ThreadItem[]) =>
  all.flatMap((item) => (item.type === 'assistant_message' ? item.content.map(({ text }) => text) : []))
const lines = (all: ThreadItem[]) =>
  all.flatMap((item) => (item.type === 'workflow' ? item.workflow.tasks.map((task) => task.status_indicator) : []))

/** Begins turns at `app` until one has the server's tools: a new process may not have them at once. */
async function begin(app: AppServer, text: string, isBegun: () => Promise<boolean> | boolean): Promise<void> {
  for (let begun = false; !begun; begun = await isBegun()) {
    const stream = await open(app.url, ann, 'threads.create', message(text))
    let isOver = false
    const end = () => {
      isOver = true
    }
    void stream.read().then(end, end)
    await expect.poll(async () => isOver || (await isBegun()), { timeout: 60_000 }).toBe(true)
  }
}

test.each(['the same process, started again, which is the only one', 'another replica'])(
  'a task whose process was killed goes on, and its result is taken up once: %s',
  async (where) => {
    model.otherwise((request) => {
      if (hasResult(request)) return { text: 'It was gold.' }
      return offers(request, 'dig') ? { calls: [{ name: 'dig', arguments: {} }] } : { text: 'Not yet.' }
    })
    const isReplica = where === 'another replica'
    const living = isReplica ? await start() : undefined
    const doomed = await start()
    await begin(doomed, 'dig', async () => (await tasks()).length === 1)
    await kill(doomed)
    expect(await ledger()).toEqual([['dig', 'pending']])
    const next = living ?? (await start())
    await letTimePass(ann.caller)
    // So does that of a look which the dead process had begun.
    await withSystem('runs', (tx) => tx.serverTask.updateMany({ data: { pollAt: new Date(0), leaseUntil: null } }))
    await server.tasks[0]?.finish('gold')
    const thread = (await tasks())[0]?.threadId ?? ''
    await expect.poll(async () => answers(await items(next, thread)), { timeout: 120_000 }).toEqual(['It was gold.'])
    await becomeFound(ann.caller)
    expect(await ledger()).toEqual([['dig', 'succeeded']])
    expect(server.asked.filter((method) => method === 'tools/call')).toHaveLength(1)
    expect(await tasks()).toMatchObject([{ endedAt: expect.any(Date) }])
    const shown = lines(await items(next, thread))
    expect([shown.includes('complete'), shown.includes('loading')]).toEqual([true, false])
    await kill(next)
  },
)

test.each(['the same process, started again, which is the only one', 'another replica'])(
  'a handover before a crash counts: the specialist answers the retry, and its call is made once: %s',
  async (where) => {
    let isSilent = true
    const isTravel = ({ body }: RecordedRequest) => String(body.instructions).startsWith('You are "Travel"')
    model.otherwise((request) => {
      if (isTravel(request) && isSilent) return { fault: { kind: 'silence', after: 0 } }
      if (!isTravel(request)) return { calls: [{ name: 'hand_to_travel', arguments: {} }] }
      if (JSON.stringify(request.body.input).includes('nothing there')) return { text: 'Nothing there.' }
      return offers(request, 'look') ? { calls: [{ name: 'look', arguments: {} }] } : { text: 'Not yet.' }
    })
    const living = where === 'another replica' ? await start() : undefined
    const doomed = await start()
    const earlier = model.requests.length
    await begin(doomed, 'I need a trip', () => model.requests.slice(earlier).some(isTravel))
    await kill(doomed)
    const next = living ?? (await start())
    await becomeFound(ann.caller)
    expect(await runs()).toEqual(['interrupted'])
    const [thread] = await withCaller(ann.caller, (tx) => tx.thread.findMany())
    expect(thread?.metadata).toMatchObject({ assistant: { base: DEFAULT_SLUG, current: 'travel' } })
    const before = await items(next, thread?.id ?? '')
    expect(lines(before)).not.toContain('loading')
    isSilent = false
    const seen = model.requests.length
    const said = before.find(({ type }) => type === 'user_message')?.id
    for (let text = ''; text !== 'Nothing there.'; ) {
      const params = { thread_id: thread?.id, item_id: said }
      const retried = await (await open(next.url, ann, 'threads.retry_after_item', params)).read()
      text = textOf(retried.received)
      expect(['Nothing there.', 'Not yet.']).toContain(text)
    }
    expect(model.requests.slice(seen).every(isTravel)).toBe(true)
    expect(await ledger()).toEqual([['look', 'succeeded']])
    expect(server.asked.filter((method) => method === 'tools/call')).toHaveLength(1)
    expect(await runs()).not.toContain('running')
    await kill(next)
  },
)
