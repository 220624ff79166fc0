import { expect, test } from 'vitest'
import { GET as changes } from '#app/api/me/conversations/changes/route.ts'
import { DELETE } from '#app/api/me/sessions/[id]/route.ts'
import { POST as everywhere } from '#app/api/me/sign-out-everywhere/route.ts'
import { hashPassword } from '#lib/auth/passwords/passwords.ts'
import { findCaller, requireSession } from '#lib/auth/sessions/session.ts'
import { findRunTokenCaller, mintRunToken } from '#lib/auth/tokens/run-tokens.ts'
import { listSessions } from '#lib/data/people/person-sessions.ts'
import { closeNotify } from '#lib/platform/db/notify.ts'
import { env } from '#lib/platform/env.ts'
import { startRun } from '#lib/runs/start-run.ts'
import { Visitor } from '#tests/support/browser/visitor.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

const PASSWORD = 'correct horse battery'
const passwordHash = await hashPassword(PASSWORD)
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'

const asked = (visitor: Visitor) =>
  new Request(env().APP_URL, { headers: { ...visitor.headers, 'user-agent': visitor === desk ? FIREFOX : IPHONE } })
let desk = new Visitor()
let phone = new Visitor()

/** A person who is signed in at a desk and on a phone. */
async function arrive() {
  const { person } = await signedIn({ passwordHash })
  ;[desk, phone] = [new Visitor({ 'user-agent': FIREFOX }), new Visitor({ 'user-agent': IPHONE })]
  for (const visitor of [desk, phone]) expect(await visitor.signIn(person.email, PASSWORD)).toBeNull()
  const [there, here] = [await requireSession(asked(phone)), await requireSession(asked(desk))]
  return { there, here }
}

const end = (visitor: Visitor, id: string) =>
  visitor.send((request) => DELETE(request, { params: Promise.resolve({ id }) }), `/api/me/sessions/${id}`, {
    method: 'DELETE',
  })

async function sentenceOf(response: Response) {
  const { request_id: _, ...said } = await response.json()
  return said
}

/** Opens a stream; `over` resolves once the server has closed it. */
async function listening(visitor: Visitor) {
  const response = await visitor.send(changes, '/api/me/conversations/changes', { method: 'GET' })
  expect(response.status).toBe(200)
  let isOpen = true
  const over = response.text().then(() => {
    isOpen = false
  })
  return { over, isOpen: () => isOpen }
}

/** A run that a session began and that works until it is stopped. */
async function working(session: Awaited<ReturnType<typeof requireSession>>, threadId: string) {
  const begun = Promise.withResolvers<AbortSignal>()
  const about = { caller: session.caller, threadId, operation: 'threads.create', requestId: 'req_x' }
  const run = await startRun(about, {
    check: async () => {},
    begin: async () =>
      async function* ({ signal }) {
        begun.resolve(signal)
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      },
  })
  const token = await mintRunToken({ userId: session.caller.userId, runId: run.id, threadId }, 'aud', 60)
  return { ...run, token, signal: await begun.promise }
}

test('sessions are listed with their devices, and a click ends one with its streams, answers and tokens', async () => {
  const { there, here } = await arrive()
  const listed = await listSessions(here.caller)
  expect(listed.map(({ id, browser, system }) => ({ id, browser, system }))).toEqual([
    { id: here.id, browser: 'Firefox', system: 'Windows' },
    { id: there.id, browser: 'Safari', system: 'iOS' },
  ])
  const [theirs, ours] = [await listening(phone), await listening(desk)]
  const [run, kept] = [await working(there, 'thr_phone'), await working(here, 'thr_desk')]
  expect(await findRunTokenCaller(run.token, 'aud')).toMatchObject({ runId: run.id })

  expect((await end(desk, there.id)).status).toBe(200)
  expect(await findCaller(new Headers(phone.headers))).toBeNull()
  expect(await findRunTokenCaller(run.token, 'aud')).toBeNull()
  await Promise.all([theirs.over, run.ended])
  expect((await listSessions(here.caller)).map(({ id }) => id)).toEqual([here.id])

  expect(await findCaller(new Headers(desk.headers))).toEqual(here.caller)
  expect(await findRunTokenCaller(kept.token, 'aud')).toMatchObject({ runId: kept.id })
  expect(kept.signal.aborted).toBe(false)
  expect(ours.isOpen()).toBe(true)
  await desk.send(everywhere, '/api/me/sign-out-everywhere')
  await kept.ended
})

test('signing out everywhere else closes the streams of the others and leaves this session listed', async () => {
  const { here } = await arrive()
  const [theirs, ours] = [await listening(phone), await listening(desk)]
  await desk.send(everywhere, '/api/me/sign-out-everywhere')
  await theirs.over
  expect(ours.isOpen()).toBe(true)
  expect((await listSessions(here.caller)).map(({ id }) => id)).toEqual([here.id])
  await desk.nextAuth('signout', {})
  await ours.over
  expect(await listSessions(here.caller)).toEqual([])
})

test('a stream of an ended session closes if processes cannot hear each other', async () => {
  const { there } = await arrive()
  await closeNotify()
  withSettings({ DATABASE_LISTEN_URL: 'off' })
  const theirs = await listening(phone)
  expect((await end(desk, there.id)).status).toBe(200)
  await theirs.over
})

test('a session of somebody else, an ended one and none at all get the same answer, and nothing ends', async () => {
  const { there: hers } = await arrive()
  const ann = phone
  const { there, here } = await arrive()
  const missing = await sentenceOf(await end(desk, 'ses_of_nobody'))
  expect((await end(desk, there.id)).status).toBe(200)
  for (const id of [hers.id, there.id, '\0', `${here.id}\0`]) {
    const refused = await end(desk, id)
    expect(refused.status).toBe(404)
    expect(await sentenceOf(refused)).toEqual(missing)
  }
  expect(await findCaller(new Headers(ann.headers))).toEqual(hers.caller)
  await ann.nextAuth('signout', {})
  expect(await findCaller(new Headers(ann.headers)), 'its own person can still end it').toBeNull()
})

test('a browser that says nonsense is listed without a name', async () => {
  const { person } = await signedIn({ passwordHash })
  const odd = new Visitor({ 'user-agent': `${'('.repeat(50_000)}` })
  expect(await odd.signIn(person.email, PASSWORD)).toBeNull()
  const session = await requireSession(
    new Request(env().APP_URL, { headers: { ...odd.headers, 'user-agent': '('.repeat(50_000) } }),
  )
  expect(await listSessions(session.caller)).toMatchObject([{ browser: null, system: null }])
})
