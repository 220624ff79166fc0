import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { POST } from '#app/api/connections/[id]/route.ts'
import { GET as callback } from '#app/api/connections/callback/route.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { changeAccount, findAccount } from '#lib/data/servers/server-accounts.ts'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { expectOk, makeFirstAccount, type Visitor } from '#scripts/local/first-visit.ts'
import { widgets } from '#tests/support/agent-door.ts'
import { conversation } from '#tests/support/conversation.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { Browser } from '#tests/support/people/oauth-client.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'
import { withSettings } from '#tests/support/settings.ts'
import { openInTime } from '#tests/support/tool-servers/open-in-time.ts'

// The production build of this app as another party's protected server, with a process, a database
// and accounts of its own.

const SERVER = 'settings:other'
const PASSWORD = 'a long walk through the house'

type Person = Awaited<ReturnType<typeof signedIn>>
/** A person here, with their account there. */
type Both = { here: Person; there: Visitor & { id: string } }

let other: AppServer
let folder: string
let model: OpenAIServer
let ann: Both
let bob: Both

beforeAll(async () => {
  other = await startApp()
  folder = await mkdtemp(path.join(os.tmpdir(), 'second-instance-'))
  const file = { servers: [{ name: 'other', url: `${other.url}/mcp`, identity: { kind: 'oauth' } }] }
  await writeFile(path.join(folder, 'servers.json'), JSON.stringify(file))
  ann = { here: await signedIn(), there: await known(await makeFirstAccount(other.url, other.logs)) }
  bob = { here: await signedIn(), there: await known(await makeAccount('bob@example.com')) }
}, BUILD_MS)

afterAll(async () => {
  await other?.stop()
  if (folder) await rm(folder, { recursive: true })
}, 60_000)

beforeEach(async () => {
  model = await openAIServer()
  withSettings({
    ...{ MCP_SERVERS_FILE: path.join(folder, 'servers.json'), MCP_BUILTIN: 'off' },
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'k' },
  })
  noteAnswer(`${other.url}/mcp`)
  return () => model[Symbol.asyncDispose]()
})

async function makeAccount(email: string): Promise<Visitor> {
  const visitor: Visitor = { url: other.url, cookies: new Map() }
  const body = JSON.stringify({ name: 'Bob Example', email, password: PASSWORD })
  await expectOk(visitor, '/api/auth/sign-up', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return signIn(email)
}

async function signIn(email: string): Promise<Visitor> {
  const visitor: Visitor = { url: other.url, cookies: new Map() }
  const { csrfToken } = (await (await expectOk(visitor, '/api/auth/csrf')).json()) as { csrfToken: string }
  const form = new URLSearchParams({ csrfToken, email, password: PASSWORD, json: 'true' })
  await expectOk(visitor, '/api/auth/callback/credentials', { method: 'POST', body: form })
  return visitor
}

async function known(visitor: Visitor): Promise<Both['there']> {
  const { id } = (await (await expectOk(visitor, '/api/me')).json()) as { id: string }
  return { ...visitor, id }
}

/** What a person does in the browser: Connect here, sign-in and consent there, and back. */
async function connect({ here, there }: Both): Promise<void> {
  const params = { params: Promise.resolve({ id: SERVER }) }
  const headers = { ...here.headers, 'content-type': 'application/json' }
  const begun = await POST(
    new Request('http://127.0.0.1:3999/api/connections/x', { method: 'POST', headers, body: '{}' }),
    params,
  )
  expect(begun.status).toBe(200)
  const journey = (begun.headers.get('set-cookie') ?? '').split(';')[0]
  const { url } = (await begun.json()) as { url: string }
  const browser = new Browser()
  const cookie = [...there.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const consent = new URL((await browser.send(url, { headers: { cookie } })).headers.get('location') ?? '', other.url)
    .href
  const answered = await browser.send(`${consent}/answer`, {
    method: 'POST',
    headers: { cookie, origin: other.url, 'content-type': 'application/json' },
    body: JSON.stringify({ allow: true, person: there.id }),
  })
  const { location } = (await answered.json()) as { location: string }
  const back = (await browser.send(location, { headers: { cookie } })).headers.get('location') ?? ''
  const ended = await callback(new Request(back, { headers: { cookie: `${here.headers.cookie}; ${journey}` } }))
  expect(ended.headers.get('location')).toContain('connected=other')
  await (await openInTime(here.caller)).close()
}

/** One turn in which the model calls a tool of the other server, and what it was told. */
async function turn({ here }: Both, tool: string, args: object = {}) {
  model.script({ calls: [{ name: tool, arguments: args }] }, { text: 'Done.' })
  const said = await (await conversation(here.caller)).say('go')
  expect(said.error).toBeUndefined()
  return { told: JSON.stringify(model.requests.at(-1)?.body), cards: JSON.stringify(widgets(said.events)) }
}

test('a person without a connected account is shown where to connect, and the answer goes on', async () => {
  const { cards } = await turn(ann, 'connect_other')
  expect(cards).toMatch(/"label":"Connect".*settings\/connections/)
})

test('two people connect their own accounts, and each reads only their own data', async () => {
  for (const [person, title] of [
    [ann, 'Of Ann'],
    [bob, 'Of Bob'],
  ] as const) {
    await connect(person)
    await turn(person, 'add_task', { title })
  }
  const own = await turn(ann, 'list_tasks')
  expect(own.told).toContain('Of Ann')
  expect(own.told).not.toContain('Of Bob')
  expect((await turn(bob, 'list_tasks')).told).not.toContain('Of Ann')
  expect((await listToolCalls({ caller: ann.here.caller })).data).toMatchObject([
    { server: 'other', tool: 'list_tasks', status: 'succeeded' },
    { server: 'other', tool: 'add_task', status: 'succeeded' },
  ])
})

test('an expired token is refreshed unnoticed', async () => {
  const before = await findAccount(ann.here.caller, SERVER)
  if (before?.kind !== 'oauth') throw new Error('not connected')
  await changeAccount(ann.here.caller, SERVER, () => ({ ...before, savedAt: Date.now() - 7_200_000 }))
  const { told, cards } = await turn(ann, 'list_tasks')
  expect(told).toContain('Of Ann')
  expect(cards).not.toContain('Connect')
  const after = await findAccount(ann.here.caller, SERVER)
  expect(after?.kind === 'oauth' && after.tokens.access_token).not.toBe(before.tokens.access_token)
})

test('a token that was revoked there leads to a connect card, and connecting again fixes it', async () => {
  await expectOk(bob.there, '/api/me/sign-out-everywhere', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  const { told, cards } = await turn(bob, 'list_tasks')
  expect(told).not.toContain('Of Bob')
  expect(cards).toContain('Connect again')
  bob.there = await known(await signIn('bob@example.com'))
  await connect(bob)
  expect((await turn(bob, 'list_tasks')).told).toContain('Of Bob')
})
