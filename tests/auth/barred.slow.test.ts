import { beforeEach, describe, expect, test, vi } from 'vitest'
import { expireApprovals } from '#lib/agent/approvals/expire-approvals.ts'
import { hashPassword } from '#lib/auth/passwords/passwords.ts'
import { deleteAccount, signOutEverywhere } from '#lib/auth/sessions/own-account.ts'
import { requireSession } from '#lib/auth/sessions/session.ts'
import { mintRunToken } from '#lib/auth/tokens/run-tokens.ts'
import type { WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { endSessionsOf, setDisabled, setRole } from '#lib/data/people/people.ts'
import { resetPasswordHash } from '#lib/data/people/users.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { removeAccount, saveAccount } from '#lib/data/servers/server-accounts.ts'
import { ServerConfig } from '#lib/data/servers/server-config.ts'
import { addServer, removeServer, setServerEnabled } from '#lib/data/servers/servers.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { closeNotify } from '#lib/platform/db/notify.ts'
import { startRun } from '#lib/runs/start-run.ts'
import { agentDoor, buttons, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { sessionCookieOf, signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer, type TestMcp } from '#tests/support/tool-servers/mcp-server.ts'

// If a person loses access, whatever runs in their name ends at once, on any replica, and the
// ledger says why.

const CALLS = 4
/** How long what is written beside an answer may take on a busy machine. */
const SETTLED = { timeout: 30_000 }
type Person = Awaited<ReturnType<typeof signedIn>>

let admin: Person
let ann: Person

beforeEach(async () => {
  admin = await signedIn({ role: 'admin' })
  ann = await signedIn()
})

/** An answer that calls a tool four times, one after the other. The first call waits until `go`. */
async function answering(person: Person, config: object = {}, audience: 'everyone' | 'admins' = 'everyone') {
  const begun = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const server: TestMcp = await mcpServer([
    {
      name: 'slow',
      run: async ({ step }) => {
        if (step === 0) {
          begun.resolve()
          await gate.promise
        }
        return 'done'
      },
    },
    { name: 'other', run: () => 'done' },
  ])
  const model: OpenAIServer = await openAIServer(
    ...Array.from({ length: CALLS }, (_, step) => ({ calls: [{ name: 'slow', arguments: { step } }] })),
    { text: 'All done.' },
  )
  withSettings({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: model.url, MCP_ALLOW_PRIVATE: 'on', MCP_BUILTIN: 'off' })
  const wish = {
    name: `s${Date.now()}`,
    url: server.url,
    audience,
    config: ServerConfig.parse({ pinned: false, trusted: true, ...config }),
    secrets: { headers: {} },
  }
  const stored = await addServer(admin.caller, wish)
  await setServerEnabled(admin.caller, stored.id, true)
  if (config && 'identity' in config) await saveAccount(person.caller, stored.id, { kind: 'key', key: 'k' })
  const reply = agentDoor(person).begin('go')
  await begun.promise
  return {
    server,
    model,
    stored,
    go: async () => {
      gate.resolve()
      return reply
    },
    [Symbol.asyncDispose]: async () => {
      gate.resolve()
      await reply
      await removeServer(admin.caller, stored.id).catch(() => undefined)
      await Promise.all([server[Symbol.asyncDispose](), model[Symbol.asyncDispose]()])
    },
  }
}

const sessionOf = (headers: HeadersInit) => requireSession(new Request('http://127.0.0.1:3999', { headers }))
const runsOf = ({ caller }: Person) =>
  withSystem('admin', (tx) => tx.run.findMany({ where: { ownerId: caller.userId } }))
const ledgerOf = async ({ caller }: Person) => (await listToolCalls({ caller })).data.reverse()

const ENDINGS: [string, (person: Person) => Promise<unknown>, RegExp][] = [
  [
    'an admin disables the person',
    ({ caller }) => setDisabled(admin.caller, caller.userId, true),
    /disabled by an administrator/,
  ],
  [
    'an admin signs the person out',
    ({ caller }) => endSessionsOf(admin.caller, caller.userId),
    /signed this account out everywhere/,
  ],
  [
    'the person signs out everywhere',
    async ({ headers }) => signOutEverywhere(await sessionOf(headers)),
    /signed out everywhere/,
  ],
  [
    'the password is reset',
    async ({ person }) =>
      resetPasswordHash(person.email, await hashPassword('a new long password'), { verified: true }),
    /password of this account was reset/,
  ],
]

/** Runs one ending. If `heard`, a notification stops the run; if not, only the calls notice. */
async function expectEnd(end: (person: Person) => Promise<unknown>, why: RegExp, heard: boolean) {
  await using work = await answering(ann)
  const [run] = await runsOf(ann)
  await end(ann)
  if (heard) await vi.waitFor(async () => expect((await runsOf(ann))[0]?.lastSeq).not.toBeNull(), SETTLED)
  const { events } = await work.go()
  expect(work.server.calls).toHaveLength(1)
  // A reader waits only so long for the row of its run, and the ledger is settled beside it.
  await expect
    .poll(() => runsOf(ann), SETTLED)
    .toMatchObject([{ status: 'stopped', errorMessage: expect.stringMatching(why) }])
  await expect
    .poll(async () => (await ledgerOf(ann)).some(({ errorMessage }) => why.test(errorMessage ?? '')), SETTLED)
    .toBe(true)
  const further = (await ledgerOf(ann)).slice(1).map(({ status, failureClass }) => `${status} ${failureClass}`)
  // Without a notification the heartbeat of the run may notice during a call. That call is
  // cancelled before it is sent.
  const unsent = heard ? ['failed denied'] : ['failed denied', 'cancelled cancelled']
  expect(further.filter((ending) => !unsent.includes(ending))).toEqual([])
  if (heard)
    expect(events).toContainEqual(expect.objectContaining({ type: 'error', message: expect.stringMatching(why) }))
  const claims = { userId: ann.caller.userId, runId: run?.id ?? '', threadId: run?.threadId ?? '' }
  await expect(mintRunToken(claims, 'http://127.0.0.1:3999/mcp', 60)).rejects.toMatchObject({ code: 'unauthenticated' })
}

test.each(ENDINGS)('%s: the answer stops, no further call is made, and the ledger says why', async (_, end, why) => {
  await expectEnd(end, why, true)
})

test('no further call is made after the person deletes the account', async () => {
  const passwordHash = await hashPassword('correct horse battery')
  ann = await signedIn({ passwordHash })
  await using work = await answering(ann)
  await deleteAccount(await sessionOf(ann.headers), 'correct horse battery')
  await work.go()
  expect(work.server.calls).toHaveLength(1)
})

test('a demotion ends the calls to a server that is for admins only', async () => {
  const boss = await signedIn({ role: 'admin' })
  await using work = await answering(boss, {}, 'admins')
  await setRole(admin.caller, boss.caller.userId, 'member')
  await work.go()
  expect(work.server.calls).toHaveLength(1)
  expect((await ledgerOf(boss)).at(-1)).toMatchObject({
    failureClass: 'denied',
    errorMessage: expect.stringMatching(/for administrators only/),
  })
})

test('a demoted person continues with the servers of members, which receive the new role', async () => {
  const boss = await signedIn({ role: 'admin' })
  await using work = await answering(boss, { headers: [{ name: 'X-Role', value: '{{user.role}}' }] })
  await setRole(admin.caller, boss.caller.userId, 'member')
  await work.go()
  expect(work.server.calls).toHaveLength(CALLS)
  const roles = new Set(work.server.requests.slice(-2).map(({ headers }) => headers.get('x-role')))
  expect(roles).toEqual(new Set(['member']))
})

test.each([
  ['removes', (id: string) => removeServer(admin.caller, id), /was removed/],
  ['switches off', (id: string) => setServerEnabled(admin.caller, id, false), /switched off/],
])('an admin %s a server: its calls end, and the answer goes on', async (_, end, why) => {
  await using work = await answering(ann)
  await end(work.stored.id)
  const { events } = await work.go()
  expect(work.server.calls).toHaveLength(1)
  expect((await ledgerOf(ann)).at(-1)).toMatchObject({
    failureClass: 'denied',
    errorMessage: expect.stringMatching(why),
  })
  expect(JSON.stringify(events)).toContain('All done.')
})

test('a person disconnects their account at a server: its calls end, and the answer goes on', async () => {
  await using work = await answering(ann, { identity: { kind: 'key', header: 'X-Key', format: '{{key}}' } })
  await removeAccount(ann.caller, work.stored.id)
  const { events } = await work.go()
  expect(work.server.calls).toHaveLength(1)
  expect((await ledgerOf(ann)).at(-1)?.errorMessage).toMatch(/needs your own account/)
  expect(JSON.stringify(events)).toContain('All done.')
})

test.each([
  [
    'an admin removes the server',
    (id: string) => removeServer(admin.caller, id),
    /^An administrator took this server away/,
  ],
  [
    'the person disconnects',
    (id: string) => removeAccount(ann.caller, id),
    /^The account at this server was disconnected/,
  ],
])('%s: the call in progress is cancelled and reported as possibly having taken effect', async (_, end, why) => {
  await using work = await answering(ann, { identity: { kind: 'key', header: 'X-Key', format: '{{key}}' } })
  await end(work.stored.id)
  await vi.waitFor(async () => {
    const [first] = await ledgerOf(ann)
    expect(first).toMatchObject({ status: 'cancelled', errorMessage: expect.stringMatching(why) })
    expect(first?.errorMessage).toContain('may have taken effect')
  }, SETTLED)
})

test('a pending approval ends with its person’s access; the card and the ledger say why', async () => {
  const door = agentDoor(ann)
  const thread = threadOf(await door.begin('add a task: buy milk'))
  const [card] = widgets((await door.say(thread, 'delete task 1')).events)
  await setDisabled(admin.caller, ann.caller.userId, true)
  expect((await runsOf(ann)).map(({ status }) => status)).toEqual(['done', 'stopped'])
  await setDisabled(admin.caller, ann.caller.userId, false)
  // A person who is let in again has a new session, but the old card is still on the screen.
  const back = agentDoor({ headers: { cookie: await sessionCookieOf(ann.caller.userId, 2) } })
  const { events } = await back.press(thread, card as WidgetItem, 'Approve')
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'notice', message: expect.stringContaining('Nothing was called') }),
  )
  await expireApprovals()
  expect(await withSystem('admin', (tx) => tx.task.count({ where: { ownerId: ann.caller.userId } }))).toBe(1)
  const shown = widgets((await back.read(thread)).map((item) => ({ type: 'thread.item.done', item })))
  expect(buttons(shown[0])).toEqual([])
  expect(JSON.stringify(shown[0])).toContain('Not made: This account was disabled by an administrator.')
  expect((await ledgerOf(ann)).at(-1)).toMatchObject({
    failureClass: 'denied',
    errorMessage: 'This account was disabled by an administrator.',
  })
})

test('a queued message does not start if its session has ended', async () => {
  await setDisabled(admin.caller, ann.caller.userId, true)
  await setDisabled(admin.caller, ann.caller.userId, false)
  const begun = startRun(
    { caller: ann.caller, threadId: 'thr_x', operation: 'test', requestId: 'r' },
    { check: async () => {}, begin: async () => async function* () {} },
  )
  await expect(begun).rejects.toMatchObject({ code: 'unauthenticated' })
})

describe('if no replica is notified', () => {
  beforeEach(async () => {
    await closeNotify()
    withSettings({ DATABASE_LISTEN_URL: 'off' })
  })

  test.each(ENDINGS)('%s: no further call is made', async (_, end, why) => {
    await expectEnd(end, why, false)
  })
})
