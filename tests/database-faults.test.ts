import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { toAppError } from '#lib/errors.ts'
import { startEmbeddedPostgres } from '#scripts/embedded-postgres.ts'
import { migrate } from '#scripts/migrate.ts'
import { type AppServer, startApp } from '#tests/support/app-server.ts'
import { deltas, message, open, post, Stream, textOf } from '#tests/support/browser-tab.ts'
import { openAIServer } from '#tests/support/openai-server.ts'
import { signedIn } from '#tests/support/people.ts'
import { withSettings } from '#tests/support/settings.ts'

const WORDS = Array.from({ length: 40 }, (_, n) => `word${n} `)
const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function start(options: Parameters<typeof startApp>[0]): Promise<AppServer> {
  const app = await startApp(options)
  closing.push(app.stop)
  return app
}

/** A PostgreSQL of this test alone, which can be stopped and started again on the same port. */
async function ownPostgres() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-faults-'))
  let server = await startEmbeddedPostgres(folder, { durable: false })
  closing.push(async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })
  await migrate({ ownerUrl: server.ownerUrl, appUrl: server.appUrl })
  return {
    server,
    async away(ms: number) {
      await server.stop()
      await sleep(ms)
      server = await startEmbeddedPostgres(folder, { durable: false })
    },
  }
}

test('PostgreSQL goes away for some seconds during 20 answers: they come later, whole, and each model was asked once', {
  timeout: 120_000,
}, async () => {
  await using model = await openAIServer()
  const { server, away } = await ownPostgres()
  const env = { DATABASE_URL: server.appUrl, DATABASE_DIRECT_URL: server.ownerUrl, RUNS_AT_ONCE: '100', RUNS_PER_MINUTE: '100' }
  const app = await start({
    databaseUrl: server.ownerUrl,
    env: {
      ...env,
      APP_SECRET: 'a secret of the tests, long enough',
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: 'test',
      THREAD_TITLES: 'first_words',
    },
  })
  withSettings({ DATABASE_URL: server.appUrl })
  const { closeDb } = await import('#lib/db.ts')
  await closeDb()
  closing.push(closeDb)
  const person = await signedIn()
  const calls = [{ name: 'list_tasks', arguments: {} }]
  model.script(...Array.from({ length: 10 }, () => ({ text: WORDS, pace: 50 })), ...Array.from({ length: 10 }, () => ({ calls })))
  model.script(...Array.from({ length: 10 }, () => ({ text: WORDS, pace: 20 })))
  const streams = await Promise.all(Array.from({ length: 20 }, (_, n) => open(app.url, person, 'threads.create', message(`go ${n}`))))
  const read = streams.map((stream) => stream.read())
  await expect.poll(() => streams.filter(({ received }) => deltas(received) > 0).length, { timeout: 20_000 }).toBeGreaterThan(5)
  await away(3_000)
  await Promise.all(read)
  for (const { complete, events, received } of streams) {
    const errors = events.filter(({ type }) => type === 'error')
    expect({ complete, errors, text: textOf(received) }).toEqual({ complete: true, errors: [], text: WORDS.join('') })
  }
  expect(model.requests).toHaveLength(30)
  const after = await open(app.url, person, 'threads.attach', { thread_id: streams[0]?.threadId, run_id: streams[0]?.runId })
  expect(textOf((await after.read()).received)).toBe(WORDS.join(''))
})

test('a full disk is called by its name, to people without details', () => {
  const full = Object.assign(new Error('could not extend file "base/1/2": No space left on device'), { code: '53100' })
  expect(toAppError(new Error('query failed', { cause: full }))).toMatchObject({
    status: 503,
    retryAfter: 60,
    message: 'The disk of the database is full: nothing can be saved. Tell your administrator.',
  })
})

test('with every connection taken a request is told to come again instead of hanging', { timeout: 60_000 }, async () => {
  const app = await start({ databaseUrl: process.env.DATABASE_DIRECT_URL, env: { DATABASE_POOL_SIZE: '2' } })
  const person = await signedIn()
  const holder = new pg.Client({ connectionString: process.env.DATABASE_DIRECT_URL })
  await holder.connect()
  try {
    await holder.query('BEGIN')
    await holder.query('LOCK TABLE threads')
    const hanging = [1, 2].map(() => post(app.url, person, 'threads.list', {}))
    const waiting = `SELECT count(*)::int AS number FROM pg_locks WHERE NOT granted AND relation = 'threads'::regclass`
    await expect.poll(async () => (await holder.query(waiting)).rows[0].number).toBe(2)
    const refused = await post(app.url, person, 'threads.create', message('go'))
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    await holder.query('ROLLBACK')
    for (const answer of hanging) expect((await answer).status).toBe(200)
  } finally {
    await holder.end()
  }
  const stream = new Stream(await post(app.url, person, 'threads.create', message('hello')), new AbortController())
  expect((await stream.read()).complete).toBe(true)
})
