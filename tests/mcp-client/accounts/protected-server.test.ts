import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { POST as connectTo } from '#app/api/connections/[id]/route.ts'
import { GET as callback } from '#app/api/connections/callback/route.ts'
import { GET as earlierDocument } from '#app/api/connections/client.json/route.ts'
import { GET as document } from '#app/client-metadata.json/route.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { changeAccount, findAccount, listAccounts } from '#lib/data/servers/server-accounts.ts'
import { ServerConfig } from '#lib/data/servers/server-config.ts'
import { addServer, setServerEnabled } from '#lib/data/servers/servers.ts'
import { agentDoor, buttons, nodes, said, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer, type Step } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { type ProtectedServer, protectedServer } from '#tests/support/tool-servers/protected-server.ts'

// What a server says about signing in when it refuses a request, from its socket to the browser.

let ann: Awaited<ReturnType<typeof signedIn>>
let count = 0

beforeEach(async () => {
  ann = await signedIn({ role: 'admin' })
  withSettings({ MCP_ALLOW_PRIVATE: 'on', MCP_BUILTIN: 'off' })
})

/** Adds the server as an admin does. Returns its id. */
async function add({ url }: ProtectedServer, identity: object = {}): Promise<string> {
  count += 1
  const stored = await addServer(ann.caller, {
    name: `guarded-${count}`,
    url,
    audience: 'everyone',
    config: ServerConfig.parse({ identity: { kind: 'oauth', ...identity }, pinned: false }),
    secrets: { headers: {} },
  })
  await setServerEnabled(ann.caller, stored.id, true)
  onTestFinished(() => setServerEnabled(ann.caller, stored.id, false))
  return stored.id
}

/** From the Connect button to the page that says how it went. Returns the cookie of the journey. */
async function connect(id: string): Promise<string> {
  const headers = { 'content-type': 'application/json', ...ann.headers }
  const request = new Request('http://127.0.0.1:3999/x', { method: 'POST', headers, body: '{}' })
  const begun = await connectTo(request, { params: Promise.resolve({ id }) })
  expect(begun.status).toBe(200)
  const [journey = ''] = (begun.headers.get('set-cookie') ?? '').split(';')
  const { url } = (await begun.json()) as { url: string }
  const back = (await fetch(url, { redirect: 'manual' })).headers.get('location') ?? ''
  const ended = await callback(new Request(back, { headers: { cookie: `${ann.headers.cookie}; ${journey}` } }))
  expect(new URL(ended.headers.get('location') ?? '').searchParams.get('connected')).toMatch(/^guarded/)
  return journey
}

const call: Step = { calls: [{ name: 'close_ticket', arguments: {} }] }
const tools = [{ name: 'close_ticket', run: () => 'closed' }]

async function modelWith(...steps: Step[]) {
  const model = await openAIServer(...steps)
  withSettings({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k' })
  return model
}

test('the metadata and the scope that a server names only in its 401 are used', async () => {
  await using server = await protectedServer(tools)
  const id = await add(server)
  await connect(id)
  expect(server.asked).toEqual(['read'])
  await using _model = await modelWith(call, { text: 'Done.' })
  await agentDoor(ann).begin('close it')
  expect(server.calls.map(({ tool }) => tool)).toEqual(['close_ticket'])
})

test('an account is refreshed where the server named its metadata', async () => {
  await using server = await protectedServer(tools)
  const id = await add(server)
  await connect(id)
  const account = await findAccount(ann.caller, id)
  if (account?.kind !== 'oauth') throw new Error('not connected')
  await changeAccount(ann.caller, id, () => ({ ...account, savedAt: Date.now() - 7_200_000 }))
  await using _model = await modelWith(call, { text: 'Done.' })
  await agentDoor(ann).begin('close it')
  expect(server.grants.map((form) => form.get('grant_type'))).toEqual(['authorization_code', 'refresh_token'])
  expect(server.calls).toHaveLength(1)
})

test('a scope that an admin configured is asked for instead', async () => {
  await using server = await protectedServer(tools)
  await connect(await add(server, { scope: 'read tickets' }))
  expect(server.asked).toEqual(['read tickets'])
})

test('a call that needs a wider scope leads to a card, and is made once the person has connected again', async () => {
  await using server = await protectedServer(tools)
  const id = await add(server)
  await connect(id)
  server.callScope = 'write'
  await using model = await modelWith(call, { text: 'It wants more.' }, call, { text: 'Closed.' })
  const refused = await agentDoor(ann).begin('close it')
  const thread = threadOf(refused)
  const [card] = widgets(refused.events)
  if (!card) throw new Error('no card')
  expect(buttons(card)).toEqual(['Connect again'])
  expect(nodes(card.widget).find(({ type }) => type === 'Caption')?.value).toMatch(
    /^The tool close_ticket .*wants more permissions/,
  )
  expect(JSON.stringify(model.requests[1]?.body)).toContain('wants more permissions for this than you gave it')
  expect(server.calls).toEqual([])
  expect((await listAccounts(ann.caller)).get(id)?.broken).toBe(true)

  await connect(id)
  expect(server.asked, 'what was granted before is not lost').toEqual(['read', 'read write'])
  const connected = (await agentDoor(ann).read(thread)).findLast((item) => item.type === 'widget')
  const again = await agentDoor(ann).press(thread, connected as typeof card, 'Try again')
  expect(said(again.events)).toBe('Closed.')
  expect(server.calls).toHaveLength(1)
  const { data } = await listToolCalls({ caller: ann.caller }, { threadId: thread })
  expect(data.map(({ status, failureClass }) => [status, failureClass])).toEqual([
    ['succeeded', null],
    ['failed', 'unauthorised'],
  ])
})

test('a scope that was asked for and not granted is not asked for again', async () => {
  await using server = await protectedServer(tools)
  const id = await add(server)
  await connect(id)
  Object.assign(server, { callScope: 'write', deaf: true })
  await using _model = await modelWith(call, { text: 'It wants more.' }, call, { text: 'It does not let me.' })
  await agentDoor(ann).begin('close it')
  await connect(id)
  const again = await agentDoor(ann).begin('close it')
  expect(said(again.events)).toBe('It does not let me.')
  expect(widgets(again.events)).toEqual([])
  const { data } = await listToolCalls({ caller: ann.caller })
  expect(data[0]).toMatchObject({ status: 'failed', failureClass: 'forbidden' })
})

test('a browser can keep the journey to an authorization server whose metadata is long', async () => {
  const claims = Array.from({ length: 500 }, (_, index) => `claim_number_${index}`)
  await using server = await protectedServer(tools, { claims_supported: claims })
  expect((await connect(await add(server))).length).toBeLessThan(4_000)
})

test('an authorization server that reads client documents knows us by the address of ours', async () => {
  withSettings({ APP_URL: 'https://switchboard.example' })
  ann = await signedIn({ role: 'admin' })
  await using server = await protectedServer(tools, { client_id_metadata_document_supported: true })
  await connect(await add(server))
  expect(server.clients).toEqual(['https://switchboard.example/client-metadata.json'])
  const read = async (get: typeof document, path: string) =>
    (await get(new Request(`https://switchboard.example${path}`))).json()
  expect(await read(document, '/client-metadata.json')).toMatchObject({
    client_id: 'https://switchboard.example/client-metadata.json',
    redirect_uris: ['https://switchboard.example/api/connections/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
  })
  expect(await read(earlierDocument, '/api/connections/client.json'), 'its id is its own address').toMatchObject({
    client_id: 'https://switchboard.example/api/connections/client.json',
  })
})
