import * as v2 from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, expect, test } from 'vitest'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { Browser, CALLBACK, registeredClient } from '#tests/support/people/oauth-client.ts'
import { openSite } from '#tests/support/people/oauth-site.ts'
import { signedIn } from '#tests/support/people/people.ts'

const site = await openSite()
const endpoint = new URL(`${site.url}/mcp`)
afterAll(site.close)

type Person = Awaited<ReturnType<typeof signedIn>>

/**
 * What an app stores for its OAuth client. Its person allows everything that is requested. Both
 * SDKs accept it.
 */
function appOf(person: Person) {
  const kept = new Map<string, unknown>()
  const keep = (name: string) => (value: unknown) => void kept.set(name, value)
  const callbacks: URL[] = []
  const browser = new Browser()
  return {
    kept,
    callbacks,
    redirectUrl: CALLBACK,
    clientMetadata: {
      client_name: 'An app with an SDK',
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    state: () => 'state-of-the-app',
    clientInformation: () => kept.get('client'),
    saveClientInformation: keep('client'),
    tokens: () => kept.get('tokens'),
    saveTokens: keep('tokens'),
    codeVerifier: () => kept.get('verifier'),
    saveCodeVerifier: keep('verifier'),
    discoveryState: () => kept.get('discovery'),
    saveDiscoveryState: keep('discovery'),
    async redirectToAuthorization(address: URL) {
      const page = (await browser.send(address.href)).headers.get('location') ?? ''
      const answered = await browser.send(`${site.url}${page}/answer`, {
        method: 'POST',
        headers: { ...person.headers, 'content-type': 'application/json' },
        body: JSON.stringify({ allow: true, person: person.caller.userId }),
      })
      const back = await browser.send((await answered.json()).location)
      callbacks.push(new URL(back.headers.get('location') ?? ''))
    },
  }
}

const expireAll = () =>
  withSystem('tokens', (tx) =>
    tx.oauthRecord.updateMany({ where: { kind: 'AccessToken' }, data: { expiresAt: new Date(Date.now() - 1) } }),
  )

test('the v1 SDK, which most clients use, connects and refreshes by itself', async () => {
  const ann = await signedIn()
  const app = appOf(ann)
  const connect = async () => {
    const transport = new TransportV1(endpoint, { authProvider: app as never })
    const client = new ClientV1({ name: 'v1-app', version: '1' })
    await client.connect(transport)
    return { client, transport }
  }
  const first = new TransportV1(endpoint, { authProvider: app as never })
  await expect(new ClientV1({ name: 'v1-app', version: '1' }).connect(first)).rejects.toThrow('Unauthorized')
  await first.finishAuth(app.callbacks[0]?.searchParams.get('code') ?? '')
  const { client } = await connect()
  expect((await client.listTools()).tools.length).toBeGreaterThan(5)
  await client.callTool({ name: 'add_task', arguments: { title: 'by v1' } })
  expect((await listToolCalls({ caller: ann.caller })).data).toMatchObject([{ tool: 'add_task', clientName: 'v1-app' }])
  const before = (app.kept.get('tokens') as { access_token: string }).access_token
  await expireAll()
  expect((await client.callTool({ name: 'list_tasks', arguments: {} })).isError).toBeFalsy()
  expect((app.kept.get('tokens') as { access_token: string }).access_token).not.toBe(before)
  expect(app.callbacks).toHaveLength(1)
  await client.close()
})

test('a v1 client with one scope asks for another when a tool needs it', async () => {
  const ann = await signedIn()
  const app = appOf(ann)
  const narrow = await registeredClient(site.url)
  // Without a refresh token: with one, this SDK refreshes first, which never adds a scope.
  app.saveClientInformation({ client_id: narrow.clientId, issuer: site.url })
  app.saveTokens({
    ...(await narrow.connect(ann, { scope: 'tasks:read' })),
    refresh_token: undefined,
    issuer: site.url,
  })
  const transport = new TransportV1(endpoint, { authProvider: app as never })
  const client = new ClientV1({ name: 'v1-app', version: '1' })
  await client.connect(transport)
  await expect(client.callTool({ name: 'add_task', arguments: { title: 'later' } })).rejects.toThrow()
  expect(app.callbacks).toHaveLength(1)
  await transport.finishAuth(app.callbacks[0]?.searchParams.get('code') ?? '')
  expect((await client.callTool({ name: 'add_task', arguments: { title: 'later' } })).isError).toBeFalsy()
  expect((await client.callTool({ name: 'list_tasks', arguments: {} })).isError).toBeFalsy()
  await client.close()
})

test('the v2 SDK connects, checks iss, and refreshes by itself', async () => {
  const ann = await signedIn()
  const app = appOf(ann)
  const first = new v2.StreamableHTTPClientTransport(endpoint, { authProvider: app as never })
  await expect(new v2.Client({ name: 'v2-app', version: '2' }).connect(first)).rejects.toThrow()
  const forged = new URLSearchParams(app.callbacks[0]?.searchParams)
  forged.set('iss', 'https://evil.example')
  await expect(first.finishAuth(forged)).rejects.toThrow()
  const again = new v2.StreamableHTTPClientTransport(endpoint, { authProvider: app as never })
  await expect(new v2.Client({ name: 'v2-app', version: '2' }).connect(again)).rejects.toThrow()
  await again.finishAuth(app.callbacks[1]?.searchParams as URLSearchParams)
  const transport = new v2.StreamableHTTPClientTransport(endpoint, { authProvider: app as never })
  const client = new v2.Client({ name: 'v2-app', version: '2' })
  await client.connect(transport)
  expect((await client.listTools()).tools.length).toBeGreaterThan(5)
  await expireAll()
  expect((await client.callTool({ name: 'add_task', arguments: { title: 'by v2' } })).isError).toBeFalsy()
  expect((await listToolCalls({ caller: ann.caller })).data).toMatchObject([
    { clientName: 'v2-app', clientVersion: '2' },
  ])
  expect(app.callbacks).toHaveLength(2)
  await client.close()
})
