import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { watchLists } from '#lib/mcp-client/connection/list-watch.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { processStates } from '#tests/support/process-states.ts'
import { faultServer } from '#tests/support/tool-servers/fault-server.ts'
import { toolServer } from '#tests/support/tool-servers/tool-servers.ts'

// The limits of listening for changed tool lists (lib/mcp-client/connection/list-watch.ts).

const MINUTE_MS = 60_000
type Watches = { open: Map<string, object> }

let userId: string
beforeEach(async () => {
  userId = (await signedIn()).caller.userId
  processStates().delete('list watches')
})

const countOpen = () => (processStates().get('list watches') as Watches).open.size

test('a process listens for at most 64 lists of people and servers', async () => {
  await using silent = await faultServer([], { kind: 'hang' })
  const serverAt = (n: number) => toolServer(`${silent.url}?n=${n}`)
  for (let n = 0; n < 70; n += 1) watchLists(serverAt(n), userId)
  expect(countOpen()).toBe(64)
  watchLists(serverAt(0), userId)
  expect(countOpen()).toBe(64)
  await expect.poll(() => silent.requests.length).toBe(64)
  await silent[Symbol.asyncDispose]()
  await expect.poll(countOpen).toBe(0)
})

test('a server that cannot be listened to is left alone for ten minutes', async () => {
  await using broken = await faultServer([], { kind: 'status', status: 500 })
  const server = toolServer(broken.url)
  watchLists(server, userId)
  expect(countOpen()).toBe(1)
  await expect.poll(countOpen).toBe(0)
  const asked = broken.requests.length
  expect(asked).toBeGreaterThan(0)
  watchLists(server, userId)
  expect(countOpen()).toBe(0)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
  onTestFinished(() => void vi.useRealTimers())
  vi.advanceTimersByTime(9 * MINUTE_MS)
  watchLists(server, userId)
  expect(countOpen()).toBe(0)
  vi.advanceTimersByTime(2 * MINUTE_MS)
  watchLists(server, userId)
  expect(countOpen()).toBe(1)
  await expect.poll(countOpen).toBe(0)
  expect(broken.requests.length).toBeGreaterThan(asked)
})
