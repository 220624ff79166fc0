import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { networkFetch } from '#lib/mcp-client/wire/network-fetch.ts'

test('a request that waited for a pooled connection counts as sent if that connection breaks', async () => {
  const held: (() => void)[] = []
  let ran = 0
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    if (request.method === 'GET') return void held.push(() => response.end('ok'))
    ran += 1
    request.socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  const send = networkFetch('anywhere')
  const others = Array.from({ length: 256 }, async () => (await send(url)).text())
  await expect.poll(() => held.length).toBe(256)
  const late = send(url, { method: 'POST', body: '{}' }).catch((error: unknown) => error)
  // It waits until one of the others is done.
  held.shift()?.()
  expect(await late).toMatchObject({ name: 'WireError', left: true })
  expect(ran).toBe(1)
  for (const end of held) end()
  await Promise.all(others)
  server.close()
})
