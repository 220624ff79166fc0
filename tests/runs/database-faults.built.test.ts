import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { APPROVALS_CHANNEL } from '#lib/data/runs/approvals/approvals.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { notify } from '#lib/platform/db/notify.ts'
import { newId } from '#lib/platform/ids.ts'
import { message, post, Stream } from '#tests/support/browser/browser-tab.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { outage, startFaulty } from '#tests/support/processes/postgres-away.ts'

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function start(options: Parameters<typeof startApp>[0]): Promise<AppServer> {
  const app = await startApp(options)
  closing.push(app.stop)
  return app
}

test('20 answers survive five PostgreSQL outages: each arrives late but whole, and each model is asked once', {
  timeout: 240_000,
}, async () => {
  await using faulty = await startFaulty()
  for (const ms of [200, 500, 1_000, 2_000, 5_000]) await outage(faulty, ms)
})

/** Waits until what a process looks for at its start is through: it would wait for the lock too. */
async function firstSweep(caller: Caller): Promise<void> {
  const data = { id: newId('thr'), ownerId: caller.userId, temporaryUntil: new Date(0) }
  await withCaller(caller, (tx) => tx.thread.create({ data }))
  await notify(APPROVALS_CHANNEL, [''])
  await expect.poll(() => withCaller(caller, (tx) => tx.thread.count({ where: { id: data.id } }))).toBe(0)
}

test('a request is told to retry instead of hanging if every database connection is taken', {
  timeout: 60_000,
}, async () => {
  const app = await start({ databaseUrl: process.env.DATABASE_DIRECT_URL, env: { DATABASE_POOL_SIZE: '2' } })
  const person = await signedIn()
  await firstSweep(person.caller)
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

test('a full disk is reported as such, and the server recovers when there is room again', {
  timeout: 60_000,
}, async () => {
  const app = await start({ databaseUrl: process.env.DATABASE_DIRECT_URL })
  const person = await signedIn()
  const owner = new pg.Client({ connectionString: process.env.DATABASE_DIRECT_URL })
  await owner.connect()
  try {
    // The error that PostgreSQL raises if it cannot extend a file.
    await owner.query(`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device' USING ERRCODE = 'disk_full'; END $$`)
    await owner.query('CREATE TRIGGER full_disk BEFORE INSERT ON runs FOR EACH STATEMENT EXECUTE FUNCTION full_disk()')
    const refused = await post(app.url, person, 'threads.create', message('go'))
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '60'])
    expect(await refused.json()).toMatchObject({
      message: 'The disk of the database is full: nothing can be saved. Tell your administrator.',
    })
    await owner.query('DROP TRIGGER full_disk ON runs')
  } finally {
    await owner.end()
  }
  expect((await post(app.url, person, 'threads.create', message('go'))).status).toBe(200)
})
