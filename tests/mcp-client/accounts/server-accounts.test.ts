import { afterAll, beforeEach, expect, test } from 'vitest'
import { DELETE, POST } from '#app/api/connections/[id]/route.ts'
import { GET as callback } from '#app/api/connections/callback/route.ts'
import { endSessions } from '#lib/data/people/users.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { changeAccount, findAccount, listAccounts } from '#lib/data/servers/server-accounts.ts'
import { ServerConfig } from '#lib/data/servers/server-config.ts'
import { addServer, setServerEnabled } from '#lib/data/servers/servers.ts'
import { openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { type McpServer, toMcpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { Browser } from '#tests/support/people/oauth-client.ts'
import { openSite } from '#tests/support/people/oauth-site.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { callingRun, textOf } from '#tests/support/tool-servers/tool-servers.ts'

type Person = Awaited<ReturnType<typeof signedIn>>

// The protected server is this app itself, over a socket. People sign in and consent there, and its
// tools read only their own tasks.
const site = await openSite()
afterAll(site.close)

let server: McpServer & { id: string }
let count = 0

beforeEach(async () => {
  withSettings({ MCP_ALLOW_PRIVATE: 'on' })
  const admin = await signedIn({ role: 'admin' })
  count += 1
  const config = ServerConfig.parse({ identity: { kind: 'oauth' }, pinned: false })
  const stored = await addServer(admin.caller, {
    name: `other-${count}`,
    url: `${site.url}/mcp`,
    audience: 'everyone',
    config,
    secrets: { headers: {} },
  })
  await setServerEnabled(admin.caller, stored.id, true)
  server = { ...toMcpServer(stored), id: stored.id }
})

const post = (person: Person, headers = {}, body: unknown = {}) =>
  POST(
    new Request(`${site.url}/api/connections/x`, {
      method: 'POST',
      headers: { ...person.headers, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }),
    {
      params: Promise.resolve({ id: server.id }),
    },
  )

/**
 * What a person does in the browser, from the Connect button to the page that says that the account
 * is connected.
 */
async function connect(
  person: Person,
  allow = true,
  thread?: string,
): Promise<{ page: URL; journey: string; back: URL }> {
  const begun = await post(person, {}, { thread })
  expect(begun.status).toBe(200)
  const journey = (begun.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const { url } = (await begun.json()) as { url: string }
  const browser = new Browser()
  const consent = (await browser.send(url, { headers: person.headers })).headers.get('location') ?? ''
  const answered = await browser.send(`${site.url}${consent}/answer`, {
    method: 'POST',
    headers: { ...person.headers, origin: site.url, 'content-type': 'application/json' },
    body: JSON.stringify({ allow, person: person.caller.userId }),
  })
  const { location } = (await answered.json()) as { location: string }
  const back = new URL((await browser.send(location, { headers: person.headers })).headers.get('location') ?? '')
  return { page: await comeBack(back, person, journey), journey, back }
}

async function comeBack(back: URL, person: Person, journey: string): Promise<URL> {
  const ended = await callback(new Request(back, { headers: { cookie: `${person.headers.cookie}; ${journey}` } }))
  expect(ended.status).toBe(303)
  return new URL(ended.headers.get('location') ?? '')
}

async function call(person: Person, tool: string, args = {}) {
  noteAnswer(server.url)
  const mcp = await openMcp(await callingRun(person.caller), { servers: [server] })
  const [connection] = mcp.connections
  const result = await connection?.callToolResult(tool, args)
  await mcp.close()
  return { text: textOf(result), isError: result?.isError, unavailable: mcp.unavailable }
}

async function age(person: Person) {
  const account = await findAccount(person.caller, server.id)
  if (account?.kind !== 'oauth') throw new Error('not connected')
  await changeAccount(person.caller, server.id, () => ({ ...account, savedAt: Date.now() - 7_200_000 }))
  return account
}

test('two people connect their own accounts, and each reads only their own data', async () => {
  const [ann, bob] = [await signedIn(), await signedIn()]
  for (const [person, title] of [
    [ann, 'Of Ann'],
    [bob, 'Of Bob'],
  ] as const) {
    expect((await call(person, 'list_tasks')).unavailable).toMatchObject([
      { connect: server.id, failureClass: 'unauthorised' },
    ])
    const { page } = await connect(person)
    expect(page.searchParams.get('connected')).toBe(server.name)
    await call(person, 'add_task', { title })
  }
  for (const [person, own, foreign] of [
    [ann, 'Of Ann', 'Of Bob'],
    [bob, 'Of Bob', 'Of Ann'],
  ] as const) {
    const { text } = await call(person, 'list_tasks')
    expect(text).toContain(own)
    expect(text).not.toContain(foreign)
  }
  expect((await listToolCalls({ caller: ann.caller })).data.every(({ status }) => status === 'succeeded')).toBe(true)
})

test('a stored account is sealed, and row-level security hides it from others', async () => {
  const [ann, bob] = [await signedIn(), await signedIn()]
  await connect(ann)
  const [row] = await withSystem('tool-servers', (tx) => tx.mcpAccount.findMany({ where: { serverId: server.id } }))
  const account = await findAccount(ann.caller, server.id)
  if (account?.kind !== 'oauth') throw new Error('not connected')
  expect(row?.sealed).toMatch(/^eyJ[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/)
  expect(row?.sealed).not.toContain(String(account.tokens.access_token))
  expect(await withCaller(bob.caller, (tx) => tx.mcpAccount.findMany())).toEqual([])
})

test('an expired token is refreshed once, even if several calls find it expired', async () => {
  const ann = await signedIn()
  await connect(ann)
  const before = await age(ann)
  const answers = await Promise.all([1, 2, 3].map(() => call(ann, 'list_tasks')))
  expect(answers.map(({ isError }) => Boolean(isError))).toEqual([false, false, false])
  const after = await findAccount(ann.caller, server.id)
  expect(after?.kind === 'oauth' && after.tokens.access_token).not.toBe(before.tokens.access_token)
  expect((await listAccounts(ann.caller)).get(server.id)?.broken).toBe(false)
})

test('a token that the server revoked leads to Connect instead of an error', async () => {
  const ann = await signedIn()
  await connect(ann)
  await endSessions(ann.caller)
  expect((await call(ann, 'list_tasks')).unavailable).toMatchObject([
    { connect: server.id, sentence: expect.stringContaining(`${site.url}/settings/connections`) },
  ])
  expect((await listAccounts(ann.caller)).get(server.id)?.broken).toBe(true)
})

test('a callback for another person, browser or state connects nothing, and a code works only once', async () => {
  const [ann, bob] = [await signedIn(), await signedIn()]
  const { journey, back } = await connect(ann)
  await DELETE(new Request(site.url, { method: 'DELETE', headers: ann.headers }), {
    params: Promise.resolve({ id: server.id }),
  })
  expect((await comeBack(back, bob, journey)).searchParams.get('problem')).toBe('bad_request')
  expect((await comeBack(back, ann, 'switchboard-connect=')).searchParams.get('problem')).toBe('bad_request')
  const other = new URL(back)
  other.searchParams.set('state', 'another')
  expect((await comeBack(other, ann, journey)).searchParams.get('problem')).toBe('bad_request')
  expect((await comeBack(back, ann, journey)).searchParams.get('problem'), 'a code works once').toBe('unavailable')
  for (const { caller } of [ann, bob]) expect((await listAccounts(caller)).size).toBe(0)
})

test('a person who refuses consent is told so, and another site cannot start a connection', async () => {
  const ann = await signedIn()
  expect((await connect(ann, false)).page.searchParams.get('problem')).toBe('forbidden')
  expect((await post(ann, { origin: 'https://evil.example.com' })).status).toBe(403)
})

test('a disconnected account stays deleted, even if a refresh ends later', async () => {
  const ann = await signedIn()
  await connect(ann)
  const account = await age(ann)
  const gone = await DELETE(new Request(site.url, { method: 'DELETE', headers: ann.headers }), {
    params: Promise.resolve({ id: server.id }),
  })
  expect(gone.status).toBe(200)
  await changeAccount(ann.caller, server.id, () => account)
  expect(await findAccount(ann.caller, server.id)).toBeNull()
})

test('a person who began in a conversation returns to it, and an invalid thread is refused', async () => {
  const ann = await signedIn()
  expect((await connect(ann, true, 'thr_abc')).page.pathname).toBe('/chat/thr_abc')
  expect((await connect(ann, false, 'thr_abc')).page.searchParams.get('problem')).toBe('forbidden')
  expect((await post(ann, {}, { thread: '//evil.example.com' })).status).toBe(400)
})
