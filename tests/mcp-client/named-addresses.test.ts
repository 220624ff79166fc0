import { expect, test } from 'vitest'
import { oauthFetch } from '#lib/mcp-client/accounts/oauth-fetch.ts'
import { findNamedReach, requireNamed } from '#lib/mcp-client/wire/named-reach.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { withSettings } from '#tests/support/settings.ts'
import { toolServer } from '#tests/support/tool-servers/tool-servers.ts'

// The authorization server that a tool server names is fetched, receives codes and tokens, and is
// opened in a browser.

const PUBLIC = toolServer('https://8.8.8.8/mcp')

test('a public server from the settings cannot name an address on this machine', async () => {
  let asked = 0
  const inside = await serve(async () => {
    asked += 1
    return Response.json({ access_token: 'x', token_type: 'bearer' })
  })
  try {
    const { port } = new URL(inside.url)
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', '0.0.0.0'])
      for (const method of ['GET', 'POST'])
        await expect(
          oauthFetch(PUBLIC)(`http://${host}:${port}/token`, { method }),
          `${method} ${host}`,
        ).rejects.toThrow(/public internet/)
    expect(asked).toBe(0)
    // A server that the operator runs on this machine may have its authorization server here.
    expect((await oauthFetch(toolServer(inside.url))(`${inside.url}/token`, { method: 'POST' })).status).toBe(200)
  } finally {
    await inside.close()
  }
})

test.each([
  'http://192.168.1.1/admin',
  'https://10.0.0.7/authorize',
  'http://localhost:631/',
  'http://169.254.169.254/latest',
  'http://[fd00::1]/',
])('a browser is not sent to %s for a public server', async (address) => {
  await expect(requireNamed(PUBLIC, new URL(address))).rejects.toThrow(/public internet/)
  await expect(requireNamed(toolServer('http://127.0.0.1:9/mcp'), new URL(address))).resolves.toBeUndefined()
})

test('a server from an admin can name public addresses only, unless it is private and private ones are allowed', async () => {
  expect(await findNamedReach(toolServer('http://127.0.0.1:9/mcp', {}, { fromAdmin: true }))).toBe('public')
  expect(await findNamedReach(toolServer('http://127.0.0.1:9/mcp'))).toBe('anywhere')
  expect(await findNamedReach(toolServer('https://8.8.8.8/mcp', {}, { fromAdmin: true }))).toBe('public')
  await expect(requireNamed(PUBLIC, new URL('https://1.1.1.1/authorize'))).resolves.toBeUndefined()
  withSettings({ MCP_ALLOW_PRIVATE: 'on' })
  expect(await findNamedReach(toolServer('http://127.0.0.1:9/mcp', {}, { fromAdmin: true }))).toBe('anywhere')
  expect(await findNamedReach(toolServer('https://8.8.8.8/mcp', {}, { fromAdmin: true }))).toBe('public')
})
