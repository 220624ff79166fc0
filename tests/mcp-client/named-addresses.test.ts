import { expect, test } from 'vitest'
import { oauthFetch } from '#lib/mcp-client/accounts/oauth-fetch.ts'
import { reachOfNamed, requireNamed } from '#lib/mcp-client/wire/named-reach.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { toolServer } from '#tests/support/tool-servers/tool-servers.ts'

// What a tool server names as its authorization server is fetched, sent codes and tokens, and opened in a browser.

const PUBLIC = toolServer('https://8.8.8.8/mcp')

test('a public server of the settings names nothing on this machine', async () => {
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
    // The operator's own server on this machine may have its authorization server there.
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
])('nor is a browser sent to %s for it', async (address) => {
  await expect(requireNamed(PUBLIC, new URL(address))).rejects.toThrow(/public internet/)
  await expect(requireNamed(toolServer('http://127.0.0.1:9/mcp'), new URL(address))).resolves.toBeUndefined()
})

test('a server that an admin typed names public addresses alone, unless private ones are allowed and it is private itself', async () => {
  expect(await reachOfNamed(toolServer('http://127.0.0.1:9/mcp', {}, { fromAdmin: true }))).toBe('public')
  expect(await reachOfNamed(toolServer('http://127.0.0.1:9/mcp'))).toBe('anywhere')
  expect(await reachOfNamed(toolServer('https://8.8.8.8/mcp', {}, { fromAdmin: true }))).toBe('public')
  await expect(requireNamed(PUBLIC, new URL('https://1.1.1.1/authorize'))).resolves.toBeUndefined()
})
