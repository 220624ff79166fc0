import net from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { env } from '#lib/platform/env.ts'
import { findFreePort } from '#scripts/local/port.ts'
import { waitForDatabase } from '#scripts/postgres/wait-for-database.ts'

/** The database of the tests behind a door that is closed until `open` is called. */
async function closedDoor() {
  const url = new URL(env().DATABASE_URL)
  const { hostname, port } = url
  const door = net.createServer((socket) => {
    const inside = net.connect(Number(port), hostname)
    socket.pipe(inside).pipe(socket)
    for (const end of [socket, inside]) end.on('error', () => {})
  })
  url.port = String(await findFreePort())
  onTestFinished(() => void door.close())
  return { url: url.href, open: () => door.listen(Number(url.port), '127.0.0.1') }
}

async function startWaiting(url: string, ms: number) {
  const said: string[] = []
  const at = { host: '127.0.0.1', port: await findFreePort() }
  const waiting = waitForDatabase({ url, ms, say: (line) => said.push(line), at })
  const ask = (path: string) =>
    fetch(`http://127.0.0.1:${at.port}${path}`).then(
      async (answer) => [answer.status, await answer.json()],
      () => 'nothing listens',
    )
  return { said, waiting, ask }
}

test('a start waits for a database that is away, says so once, and is alive but not ready', async () => {
  const { url, open } = await closedDoor()
  const { said, waiting, ask } = await startWaiting(url, 60_000)
  await expect.poll(() => ask('/api/health/live')).toEqual([200, { status: 'ok' }])
  expect(await ask('/api/health/ready')).toEqual([503, { status: 'unavailable', reason: 'database' }])
  expect(await ask('/chat')).toEqual([503, { status: 'unavailable', reason: 'database' }])
  open()
  await waiting
  expect(said).toEqual([
    expect.stringMatching(/^the database at 127\.0\.0\.1:\d+ does not answer yet \(ECONNREFUSED\): .*DATABASE_WAIT/),
    expect.stringMatching(/answers$/),
  ])
  expect(said.join()).not.toContain('test_app')
  expect(await ask('/api/health/live'), 'the port is free for the server').toBe('nothing listens')
})

test('the wait is bounded, and 0 is none', async () => {
  const { url } = await closedDoor()
  const { said, waiting, ask } = await startWaiting(url, 1_000)
  await waiting
  expect(said).toHaveLength(1)
  expect(await ask('/api/health/live')).toBe('nothing listens')
  const none = await startWaiting(url, 0)
  await none.waiting
  expect(none.said).toEqual([])
})

test('a database that answers, be it with a refusal, is not waited for', async () => {
  const wrong = new URL(env().DATABASE_URL)
  wrong.pathname = '/no_such_database'
  for (const url of [env().DATABASE_URL, wrong.href]) {
    const { said, waiting } = await startWaiting(url, 60_000)
    await waiting
    expect(said).toEqual([])
  }
})
