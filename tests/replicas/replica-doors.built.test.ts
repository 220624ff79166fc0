import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { hashPassword } from '#lib/auth/passwords/passwords.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { expectOk, type Visitor } from '#scripts/local/first-visit.ts'
import { agentDoor, said, widgets } from '#tests/support/agent-door.ts'
import { message, post } from '#tests/support/browser/browser-tab.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { registeredClient } from '#tests/support/people/oauth-client.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'
import { type Replicas, startReplicas } from '#tests/support/processes/replicas.ts'
import { mcpCaller } from '#tests/support/tool-servers/mcp-caller.ts'

// Every entrance except the chat's streams (tests/replicas/replicas.built.test.ts), behind a proxy that
// sends each request to the other replica.

const RUNS_PER_MINUTE = 12
const PASSWORD = 'a long walk through two houses'
const HELLO = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: { elicitation: {} },
    clientInfo: { name: 'askable', version: '1' },
  },
}

// Processes start and stop here, which is slow on a busy machine.
vi.setConfig({ testTimeout: 240_000 })

let apps: Replicas

beforeAll(async () => {
  apps = await startReplicas({ RUNS_PER_MINUTE: String(RUNS_PER_MINUTE), LOG_LEVEL: 'warn' })
}, BUILD_MS)
afterAll(() => apps?.[Symbol.asyncDispose]())
beforeEach(() => apps.proxy.use(apps.one.url, apps.two.url))

/** The chat's entrance at one address. */
const doorAt = (url: string, person: { headers: { cookie: string } }) =>
  agentDoor(person, (request) => fetch(new Request(new URL('/api/chatkit', url), request)))

test.each([0, 1])(
  'an MCP client signs in by OAuth, calls, refreshes and revokes (first request at replica %i)',
  async (first) => {
    for (let requests = 0; requests < first; requests += 1) await fetch(`${apps.proxy.url}/api/health/live`)
    const ann = await signedIn()
    const client = await registeredClient(apps.proxy.url)
    const tokens = await client.connect(ann)
    const statuses = (token: string) =>
      Promise.all(
        [1, 2].map(
          async (id) =>
            (await mcpCaller(`${apps.proxy.url}/mcp`, token).post({ jsonrpc: '2.0', id, method: 'tools/list' })).status,
        ),
      )
    expect(await statuses(tokens.access_token)).toEqual([200, 200])
    const renewed = await (await client.refresh(tokens.refresh_token ?? '')).json()
    expect(await statuses(renewed.access_token)).toEqual([200, 200])
    expect((await client.revoke(renewed.refresh_token)).status).toBe(200)
    expect(await statuses(renewed.access_token)).toEqual([401, 401])
    expect((await client.refresh(renewed.refresh_token)).status).toBe(400)
  },
)

test('MCP calls work at any replica; a session with a channel must be started again at a replica that does not know it', async () => {
  const { caller } = await signedIn()
  const { post: say, get } = mcpCaller(`${apps.proxy.url}/mcp`, await personalToken(caller))
  for (const title of ['one', 'two', 'three']) await get('add_task', { title })
  expect(await get('list_tasks')).toMatchObject({ tasks: [{ title: 'one' }, { title: 'two' }, { title: 'three' }] })

  const call = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'list_tasks', arguments: {} } }
  const begin = async () => (await say(HELLO)).headers.get('mcp-session-id') ?? ''
  apps.proxy.use(apps.one.url)
  const session = await begin()
  expect((await say(call, { 'mcp-session-id': session })).status).toBe(200)
  apps.proxy.use(apps.two.url)
  expect((await say(call, { 'mcp-session-id': session })).status).toBe(404)
  expect((await say(call, { 'mcp-session-id': await begin() })).status).toBe(200)
})

test('an approval that one replica asks for is decided at the other, once: one of six clicks counts', async () => {
  const ann = await signedIn()
  const [one, two] = [doorAt(apps.one.url, ann), doorAt(apps.two.url, ann)]
  const thread = threadOf(await one.begin('add a task: buy milk'))
  const [card] = widgets((await one.say(thread, 'delete task 1')).events)
  if (!card) throw new Error('nothing was asked')
  const clicks = await Promise.all(
    Array.from({ length: 6 }, (_, n) => (n % 2 ? one : two).press(thread, card, 'Approve')),
  )
  expect(clicks.filter(({ events }) => said(events).includes('Deleted'))).toHaveLength(1)
  expect((await listToolCalls({ caller: ann.caller }, { tool: 'delete_task' })).data).toMatchObject([
    { status: 'succeeded' },
  ])
  expect(await withCaller(ann.caller, (tx) => tx.task.count())).toBe(0)
})

test('a message to the other replica denies the pending approval', async () => {
  const ann = await signedIn()
  const [one, two] = [doorAt(apps.one.url, ann), doorAt(apps.two.url, ann)]
  const thread = threadOf(await one.begin('add a task: buy milk'))
  const [card] = widgets((await one.say(thread, 'delete task 1')).events)
  if (!card) throw new Error('nothing was asked')
  expect(JSON.stringify(widgets((await two.say(thread, 'what is open?')).events))).toContain('Buy milk')
  expect(JSON.stringify((await one.press(thread, card, 'Approve')).events)).toContain('decided before')
  expect(await withCaller(ann.caller, (tx) => tx.task.count())).toBe(1)
})

test('a sign-in is valid at both replicas, wrong passwords are counted together, and signing out everywhere takes effect at once', async () => {
  const { person } = await signedIn({ passwordHash: await hashPassword(PASSWORD), emailVerifiedAt: new Date() })
  const signIn = async (password: string) => {
    const visitor: Visitor = { url: apps.proxy.url, cookies: new Map() }
    const { csrfToken } = (await (await expectOk(visitor, '/api/auth/csrf')).json()) as { csrfToken: string }
    const body = new URLSearchParams({ csrfToken, email: person.email, password, json: 'true' })
    await expectOk(visitor, '/api/auth/callback/credentials', { method: 'POST', body }).catch(() => undefined)
    return visitor
  }
  const statuses = async (visitor: Visitor) => {
    const me = () =>
      expectOk(visitor, '/api/me').then(
        ({ status }) => status,
        () => 0,
      )
    return [await me(), await me()]
  }
  const visitor = await signIn(PASSWORD)
  expect(await statuses(visitor)).toEqual([200, 200])
  await expectOk(visitor, '/api/me/sign-out-everywhere', { method: 'POST' })
  expect(await statuses(await signIn(PASSWORD))).toEqual([200, 200])
  for (let wrong = 0; wrong < 10; wrong += 1) await signIn('not the password')
  for (const _ of [1, 2]) expect(await statuses(await signIn(PASSWORD))).toEqual([0, 0])
})

test('turns are counted across both replicas, and the refusal says when to try again', async () => {
  const ann = await signedIn()
  const turn = (n: number) => post(n % 2 ? apps.one.url : apps.two.url, ann, 'threads.create', message('hello'))
  const statuses: number[] = []
  for (let n = 0; n < RUNS_PER_MINUTE; n += 1) {
    const answer = await turn(n)
    statuses.push(answer.status)
    await answer.text()
  }
  expect(statuses).toEqual(Array(RUNS_PER_MINUTE).fill(200))
  for (const n of [1, 2]) {
    const refused = await turn(n)
    expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([429, expect.any(Number)])
    expect(await refused.json()).toMatchObject({ message: expect.stringMatching(/Try again in/) })
  }
})

test('an admin sees at either replica a call made at the other', async () => {
  const admin = await signedIn({ role: 'admin' })
  await doorAt(apps.one.url, admin).begin('add a task: water the plants')
  const [call] = (await listToolCalls({ caller: admin.caller })).data
  for (const path of ['/admin', '/admin/tool-calls', `/admin/tool-calls/${call?.id}`, '/activity'])
    for (const replica of [apps.one, apps.two]) {
      apps.proxy.use(replica.url)
      const page = await fetch(apps.proxy.url + path, { headers: admin.headers })
      expect([path, page.status, (await page.text()).includes('add_task')]).toEqual([path, 200, true])
    }
})

test('an admin page at one replica is notified of a call at the other', async () => {
  const admin = await signedIn({ role: 'admin' })
  const left = new AbortController()
  const changes = await fetch(`${apps.two.url}/api/admin/changes`, { headers: admin.headers, signal: left.signal })
  const reader = (changes.body as ReadableStream<Uint8Array>).getReader()
  let heard = ''
  const hear = async () => {
    while (!heard.includes('changed')) heard += new TextDecoder().decode((await reader.read()).value)
  }
  const hearing = hear()
  await doorAt(apps.one.url, await signedIn()).begin('add a task: water the plants')
  await hearing
  expect(heard.replaceAll(': ping\n', '')).toBe('data: {"type":"changed"}\n\n')
  left.abort()
})
