import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { deltas, message, open, type Stream, textOf } from '#tests/support/browser/browser-tab.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'
import { type Replicas, startReplicas } from '#tests/support/processes/replicas.ts'

// A process freezes (a paused container, a machine that sleeps) for so long that others take its
// runs for dead. When it wakes up it must not undo what happened meanwhile.

const WORDS = Array.from({ length: 400 }, (_, n) => `word${n} `)

// Processes start and stop here, which is slow on a busy machine.
vi.setConfig({ testTimeout: 240_000 })

let model: OpenAIServer
let apps: Replicas
let database: pg.Client

beforeAll(async () => {
  model = await openAIServer()
  apps = await startReplicas({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'test', THREAD_TITLES: 'first_words' })
  database = new pg.Client({ connectionString: process.env.DATABASE_DIRECT_URL })
  await database.connect()
  await database.query(`SELECT set_config('app.system', 'test', false)`)
}, BUILD_MS)

afterAll(async () => {
  apps?.one.kill('SIGCONT')
  await database?.end()
  await apps?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})

beforeEach(() => apps.one.kill('SIGCONT'))

/**
 * Freezes the process of a run and ages its heartbeat. Resolves when the other process has closed
 * the run.
 */
async function freeze(stream: Stream, person: Awaited<ReturnType<typeof signedIn>>): Promise<Stream> {
  apps.one.kill('SIGSTOP')
  await database.query(`UPDATE runs SET heartbeat_at = now() - interval '1 minute' WHERE id = $1`, [stream.runId])
  const params = { thread_id: stream.threadId, run_id: stream.runId, after: stream.lastId }
  return (await open(apps.two.url, person, 'threads.attach', params)).read()
}

/** Every stored row of a thread. */
async function stored(threadId: string): Promise<unknown[]> {
  const tables = [
    'threads WHERE id = $1',
    'thread_items WHERE thread_id = $1',
    'runs WHERE thread_id = $1',
    'tool_calls WHERE thread_id = $1',
  ]
  const events = 'run_events WHERE run_id IN (SELECT id FROM runs WHERE thread_id = $1)'
  const read = (from: string) =>
    database.query(`SELECT to_jsonb(t) AS row FROM ${from.replace(' ', ' AS t ')} ORDER BY 1`, [threadId])
  const all: unknown[] = []
  for (const table of [...tables, events]) all.push((await read(table)).rows)
  return all
}

/** Resolves when the process that woke up has noticed that another process closed this run. */
async function foundOut(runId: string): Promise<void> {
  const line = () =>
    apps.one
      .logs()
      .split('\n')
      .some((text) => text.includes(runId) && text.includes('closed by another process'))
  await expect.poll(line, { timeout: 180_000 }).toBe(true)
}

test('a process frozen mid-answer changes nothing when it wakes, stops its model request, and its readers get what was kept', async () => {
  const person = await signedIn()
  // When the process wakes, the rest of these words are waiting for it; then the model falls
  // silent.
  model.script({ text: WORDS, pace: 10, fault: { kind: 'silence', after: 300 } })
  const stream = await open(apps.one.url, person, 'threads.create', message('go'))
  await stream.read(() => deltas(stream.received) >= 20)
  const asked = model.requests.at(-1)
  const elsewhere = await freeze(stream, person)
  expect(elsewhere.events.at(-1)).toMatchObject({ type: 'error', allow_retry: true })
  model.script({ text: 'Again.' })
  const { id: item_id } = stream.events.flatMap((event) =>
    event.type === 'thread.item.done' ? event.item : [],
  )[0] ?? { id: '' }
  const again = await open(apps.two.url, person, 'threads.retry_after_item', { thread_id: stream.threadId, item_id })
  expect(textOf((await again.read()).received)).toBe('Again.')
  const before = await stored(stream.threadId)

  apps.one.kill('SIGCONT')
  await foundOut(stream.runId)
  await expect.poll(() => asked?.left, { timeout: 60_000 }).toBe(true)
  expect(await stored(stream.threadId)).toEqual(before)
  await stream.read()
  expect(stream.complete).toBe(false)
  const params = { thread_id: stream.threadId, run_id: stream.runId, after: stream.lastId }
  const rest = await (await open(apps.one.url, person, 'threads.attach', params)).read()
  expect(rest.complete).toBe(true)
  expect(textOf(rest.received)).toBe(textOf(elsewhere.received))
})

test('a process frozen during a tool call: the call has no effect, and its outcome stays unknown', async () => {
  const person = await signedIn()
  model.script({ calls: [{ name: 'add_task', arguments: { title: 'Buy milk' } }] })
  const holder = new pg.Client({ connectionString: process.env.DATABASE_DIRECT_URL })
  await holder.connect()
  try {
    await holder.query('BEGIN')
    await holder.query('LOCK TABLE tasks')
    const stream = await open(apps.one.url, person, 'threads.create', message('go'))
    const reading = stream.read().catch(() => undefined)
    const waiting = `SELECT count(*)::int AS n FROM pg_locks JOIN pg_class ON pg_class.oid = relation WHERE relname = 'tasks' AND NOT granted`
    await expect.poll(async () => (await database.query(waiting)).rows[0].n, { timeout: 60_000 }).toBe(1)
    await freeze(stream, person)
    const before = await stored(stream.threadId)
    expect(JSON.stringify(before)).toContain('replica_died')
    await holder.query('ROLLBACK')
    apps.one.kill('SIGCONT')
    await foundOut(stream.runId)
    await reading
    expect(await stored(stream.threadId)).toEqual(before)
    expect((await database.query('SELECT number FROM tasks WHERE owner_id = $1', [person.caller.userId])).rows).toEqual(
      [],
    )
  } finally {
    await holder.end()
  }
})
