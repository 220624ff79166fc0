import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { closeDb } from '#lib/platform/db/db.ts'
import { migrate } from '#scripts/migrate.ts'
import { startEmbeddedPostgres } from '#scripts/postgres/embedded-postgres.ts'
import { deltas, message, open, textOf } from '#tests/support/browser/browser-tab.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { withSettings } from '#tests/support/settings.ts'

const WORDS = Array.from({ length: 40 }, (_, n) => `word${n} `)

/** The build with its own PostgreSQL, which can go away and come back on the same port. */
export type Faulty = AsyncDisposable & { app: AppServer; model: OpenAIServer; away(ms: number): Promise<void> }

/** Starts both, and lets the test's own data functions use that database. */
export async function startFaulty(): Promise<Faulty> {
  const model = await openAIServer()
  const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-faults-'))
  let server = await startEmbeddedPostgres(folder, { durable: false })
  await migrate({ ownerUrl: server.ownerUrl, appUrl: server.appUrl })
  const env = {
    ...{
      DATABASE_URL: server.appUrl,
      DATABASE_DIRECT_URL: server.ownerUrl,
      RUNS_AT_ONCE: '100',
      RUNS_PER_MINUTE: '10000',
    },
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'test', THREAD_TITLES: 'first_words' },
  }
  const app = await startApp({ databaseUrl: server.ownerUrl, env })
  withSettings({ DATABASE_URL: server.appUrl })
  await closeDb()
  return {
    app,
    model,
    async away(ms) {
      await server.stop()
      await sleep(ms)
      server = await startEmbeddedPostgres(folder, { durable: false })
    },
    async [Symbol.asyncDispose]() {
      await app.stop()
      await closeDb()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
      await model[Symbol.asyncDispose]()
    },
  }
}

/**
 * PostgreSQL goes away for `ms` during 20 answers, half of them with a tool. They arrive late but
 * whole, and each model is asked once.
 */
export async function outage({ app, model, away }: Faulty, ms: number): Promise<void> {
  const person = await signedIn()
  const before = model.requests.length
  const calls = [{ name: 'list_tasks', arguments: {} }]
  model.script(
    ...Array.from({ length: 10 }, () => ({ text: WORDS, pace: 50 })),
    ...Array.from({ length: 10 }, () => ({ calls })),
  )
  model.script(...Array.from({ length: 10 }, () => ({ text: WORDS, pace: 20 })))
  const streams = await Promise.all(
    Array.from({ length: 20 }, (_, n) => open(app.url, person, 'threads.create', message(`go ${n}`))),
  )
  const read = streams.map((stream) => stream.read())
  await expect
    .poll(() => streams.filter(({ received }) => deltas(received) > 0).length, { timeout: 20_000 })
    .toBeGreaterThan(5)
  await away(ms)
  await Promise.all(read)
  for (const { complete, events, received } of streams) {
    const errors = events.filter(({ type }) => type === 'error')
    expect({ complete, errors, text: textOf(received) }).toEqual({ complete: true, errors: [], text: WORDS.join('') })
  }
  expect(model.requests).toHaveLength(before + 30)
  const after = await open(app.url, person, 'threads.attach', {
    thread_id: streams[0]?.threadId,
    run_id: streams[0]?.runId,
  })
  expect(textOf((await after.read()).received)).toBe(WORDS.join(''))
}
