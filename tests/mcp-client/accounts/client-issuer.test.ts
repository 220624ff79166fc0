import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { parseServerForm } from '#app/admin/servers/parse-server-form.ts'
import { POST as connectTo } from '#app/api/connections/[id]/route.ts'
import { GET as callback } from '#app/api/connections/callback/route.ts'
import { changeAccount, findAccount } from '#lib/data/servers/server-accounts.ts'
import { ServerConfig } from '#lib/data/servers/server-config.ts'
import { addServer, requireServer, setServerEnabled } from '#lib/data/servers/servers.ts'
import { examine } from '#lib/mcp-client/doctor/examine.ts'
import { toMcpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { agentDoor } from '#tests/support/agent-door.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { type ProtectedServer, protectedServer } from '#tests/support/tool-servers/protected-server.ts'

// A client that an admin registered by hand is told to the authorization server that it is
// registered at, and to no other, whatever its tool server names.

const SECRET = 'hand-made-secret'
const METHODS = { token_endpoint_auth_methods_supported: ['client_secret_post'] }

let ann: Awaited<ReturnType<typeof signedIn>>
let count = 0

beforeEach(async () => {
  ann = await signedIn({ role: 'admin' })
  withSettings({ MCP_ALLOW_PRIVATE: 'on', MCP_BUILTIN: 'off' })
})

const tools = [{ name: 'close_ticket', run: () => 'closed' }]
const guarded = () => protectedServer(tools, METHODS)

async function add({ url }: ProtectedServer, issuer?: string): Promise<string> {
  count += 1
  const stored = await addServer(ann.caller, {
    name: `by-hand-${count}`,
    url,
    audience: 'everyone',
    config: ServerConfig.parse({ identity: { kind: 'oauth', clientId: 'us', issuer }, pinned: false }),
    secrets: { headers: {}, clientSecret: SECRET },
  })
  await setServerEnabled(ann.caller, stored.id, true)
  onTestFinished(() => setServerEnabled(ann.caller, stored.id, false))
  return stored.id
}

function begin(id: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...ann.headers }
  const request = new Request('http://127.0.0.1:3999/x', { method: 'POST', headers, body: '{}' })
  return connectTo(request, { params: Promise.resolve({ id }) })
}

/** From the Connect button to the page that says how it went: returns that page's parameters. */
async function connect(id: string): Promise<Record<string, string>> {
  const begun = await begin(id)
  expect(begun.status).toBe(200)
  const [journey = ''] = (begun.headers.get('set-cookie') ?? '').split(';')
  const { url } = (await begun.json()) as { url: string }
  const back = (await fetch(url, { redirect: 'manual' })).headers.get('location') ?? ''
  const ended = await callback(new Request(back, { headers: { cookie: `${ann.headers.cookie}; ${journey}` } }))
  return Object.fromEntries(new URL(ended.headers.get('location') ?? '').searchParams)
}

async function expectElsewhere(answer: Response): Promise<void> {
  expect(answer.status).toBe(409)
  expect(JSON.stringify(await answer.json())).toContain('signs in somewhere else than your administrator set up')
}

test('the client goes to the issuer that the admin named, and to no other', async () => {
  await using server = await guarded()
  await using other = await guarded()
  const id = await add(server, server.issuer)
  expect(await connect(id)).toMatchObject({ connected: expect.stringContaining('by-hand') })
  expect(server.grants.map((form) => form.get('client_secret'))).toEqual([SECRET])
  server.authority = other.issuer
  await expectElsewhere(await begin(id))
  expect([other.clients, other.grants]).toEqual([[], []])
})

test('without a named issuer the first one counts: it may not change, at a sign-in or at a refresh', async () => {
  await using server = await guarded()
  await using other = await guarded()
  const id = await add(server)
  await connect(id)
  server.authority = other.issuer
  await expectElsewhere(await begin(id))
  await changeAccount(ann.caller, id, (account) => ({ ...account, savedAt: 0 }))
  await using model = await openAIServer({ calls: [{ name: 'close_ticket', arguments: {} }] }, { text: 'No.' })
  withSettings({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k' })
  await agentDoor(ann).begin('close it')
  expect([other.clients, other.grants]).toEqual([[], []])
})

test('a server of before is bound to where its accounts are, not to what it names when they are refreshed', async () => {
  await using server = await guarded()
  await using other = await guarded()
  const id = await add(server)
  await connect(id)
  await withSystem('tool-servers', (tx) => tx.mcpClientIssuer.deleteMany({ where: { serverId: id } }))
  await changeAccount(ann.caller, id, (account) => ({ ...account, savedAt: 0 }))
  server.authority = other.issuer
  await using model = await openAIServer({ calls: [{ name: 'close_ticket', arguments: {} }] }, { text: 'No.' })
  withSettings({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k' })
  await agentDoor(ann).begin('close it')
  const bound = await withSystem('tool-servers', (tx) => tx.mcpClientIssuer.findMany({ where: { serverId: id } }))
  expect([bound, other.grants]).toEqual([[], []])
})

test('the client of one server is not taken for a registration that other servers use', async () => {
  await using server = await guarded()
  await using other = await guarded()
  await connect(await add(server, server.issuer))
  other.authority = server.issuer
  const { id } = await addServer(ann.caller, {
    name: `registered-${count}`,
    url: other.url,
    audience: 'everyone',
    config: ServerConfig.parse({ identity: { kind: 'oauth' }, pinned: false }),
    secrets: { headers: {} },
  })
  await setServerEnabled(ann.caller, id, true)
  onTestFinished(() => setServerEnabled(ann.caller, id, false))
  await connect(id)
  expect(server.grants.map((form) => form.get('client_secret'))).toEqual([SECRET, null])
})

test('the doctor names both issuers, and asks for one that is missing', async () => {
  await using server = await guarded()
  await using other = await guarded()
  const doctor = async (id: string) =>
    (await examine(toMcpServer(await requireServer(id)))).steps.find(({ name }) => name === 'Authorization server')
  expect(await doctor(await add(server))).toMatchObject({ outcome: 'warning', fault: 'no_issuer' })
  const named = await add(server, `${server.issuer}/`)
  expect(await doctor(named)).toMatchObject({ outcome: 'ok' })
  server.authority = other.issuer
  const found = await doctor(named)
  expect(found).toMatchObject({ outcome: 'failed', fault: 'foreign_issuer' })
  expect(found?.said).toContain(other.issuer)
  expect(found?.said).toContain(server.issuer)
})

test('a secret needs an issuer when a server is saved, and another issuer needs the secret again', async () => {
  await using server = await guarded()
  const form = (more: Record<string, string>) => {
    const data = new FormData()
    const fields = { name: 'wiki', url: server.url, audience: 'everyone', identity: 'oauth', clientId: 'us', ...more }
    for (const [name, value] of Object.entries(fields)) data.set(name, value)
    return data
  }
  const issuer = 'https://auth.example.com'
  expect(() => parseServerForm(form({ clientSecret: 's' }))).toThrow('Issuer: enter the address')
  expect(() => parseServerForm(form({ clientSecret: 's', issuer: 'auth' }))).toThrow('Issuer: Write the whole address')
  expect(parseServerForm(form({})).config.identity).toMatchObject({ clientId: 'us' })
  const stored = await requireServer(await add(server, issuer))
  expect(parseServerForm(form({ issuer: `${issuer}/` }), stored).secrets.clientSecret).toBe(SECRET)
  expect(() => parseServerForm(form({ issuer: 'https://evil.example.com' }), stored)).toThrow('enter it again')
  expect(() => parseServerForm(form({ issuer: 'https://evil.example.com', clientSecret: 'new' }), stored)).not.toThrow()
})

test('a refresh keeps the wider scope that the server asked for meanwhile', async () => {
  await using server = await guarded()
  const id = await add(server, server.issuer)
  await connect(id)
  await changeAccount(ann.caller, id, (account) => ({ ...account, savedAt: 0 }))
  server.onGrant = async () => {
    await changeAccount(ann.caller, id, (account) => ({ ...account, widerScope: 'read write' }))
  }
  await using model = await openAIServer({ calls: [{ name: 'close_ticket', arguments: {} }] }, { text: 'Done.' })
  withSettings({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k' })
  await agentDoor(ann).begin('close it')
  expect(server.grants).toHaveLength(2)
  const account = await findAccount(ann.caller, id)
  expect(account).toMatchObject({ kind: 'oauth', widerScope: 'read write' })
  expect(account?.kind === 'oauth' && account.savedAt).toBeGreaterThan(0)
})

test('a refresh does not replace an account that was connected meanwhile', async () => {
  await using server = await guarded()
  const id = await add(server, server.issuer)
  await connect(id)
  await changeAccount(ann.caller, id, (account) => ({ ...account, savedAt: 0 }))
  server.onGrant = async () => {
    server.onGrant = undefined
    await connect(id)
  }
  await using model = await openAIServer({ calls: [{ name: 'close_ticket', arguments: {} }] }, { text: 'Done.' })
  withSettings({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k' })
  await agentDoor(ann).begin('close it')
  const account = await findAccount(ann.caller, id)
  expect(account?.kind === 'oauth' && account.tokens.access_token).toMatch(/^t3:/)
})
