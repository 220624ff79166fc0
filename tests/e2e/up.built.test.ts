import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { ROOT } from '#scripts/build-freshness.ts'
import { findFreePort } from '#scripts/local/port.ts'
import { isAlive } from '#scripts/postgres/folder-lock.ts'
import { BUILD_MS, buildIfStale } from '#tests/support/processes/build.ts'

let folder: string
let port: number
const started: ChildProcess[] = []

beforeAll(buildIfStale, BUILD_MS)
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-up-'))
  port = await findFreePort()
})
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  await rm(folder, { recursive: true, force: true })
})

type Up = { child: ChildProcess; said(): string; ended: Promise<number | null> }

function up(more: Record<string, string> = {}): Up {
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NEXT_DIST_DIR: process.env.NEXT_DIST_DIR,
    PORT: String(port),
    HOSTNAME: 'a-machine',
    ...more,
  }
  const child = spawn(process.execPath, ['scripts/local/serve-locally.ts', '--quiet', '--data', folder], {
    cwd: ROOT,
    env: env as unknown as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  started.push(child)
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
  return { child, said: () => chunks.join(''), ended: once(child, 'close').then(([code]) => code as number | null) }
}

async function untilReady({ child, said }: Up): Promise<void> {
  await expect.poll(() => said() + (child.exitCode ?? ''), { timeout: BUILD_MS, interval: 50 }).toMatch(/is ready|\d$/)
  expect(said()).toBe(`Switchboard is ready: http://127.0.0.1:${port} (Ctrl-C stops it)\n`)
}

async function databasePid(): Promise<number> {
  return Number((await readFile(path.join(folder, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0])
}

test('npm run up starts, prints its address, and leaves nothing running after SIGTERM or Ctrl-C', {
  timeout: BUILD_MS,
}, async () => {
  for (const signals of [['SIGTERM'], ['SIGINT', 'SIGINT']] as const) {
    const one = up()
    await untilReady(one)
    expect((await fetch(`http://127.0.0.1:${port}/api/health/ready`)).status).toBe(200)
    const database = await databasePid()
    for (const signal of signals) one.child.kill(signal)
    expect(await one.ended).toBe(0)
    expect(isAlive(database)).toBe(false)
    await expect(fetch(`http://127.0.0.1:${port}/api/health/live`)).rejects.toThrow()
  }
})

test('a second start in the same folder is refused in one sentence', { timeout: BUILD_MS }, async () => {
  const first = up()
  await untilReady(first)
  const second = up()
  expect(await second.ended).toBe(1)
  expect(second.said()).toBe(
    `Switchboard already runs with the data in ${folder}: process ${first.child.pid}. Stop that one first.\n`,
  )
})

test('after a kill -9 the server exits by itself, and the next start adopts the database', {
  timeout: BUILD_MS,
}, async () => {
  const first = up()
  await untilReady(first)
  const database = await databasePid()
  first.child.kill('SIGKILL')
  await first.ended
  await expect
    .poll(
      () =>
        fetch(`http://127.0.0.1:${port}/api/health/live`, { signal: AbortSignal.timeout(5_000) }).then(
          () => 'up',
          (error: Error) => (error.name === 'TimeoutError' ? 'silent' : 'down'),
        ),
      { timeout: 60_000 },
    )
    .toBe('down')
  expect(isAlive(database)).toBe(true)
  const second = up()
  await untilReady(second)
  expect(await databasePid()).toBe(database)
})

test('a taken port, an invalid port and an open address without APP_URL are refused in one sentence', {
  timeout: BUILD_MS,
}, async () => {
  const other = net.createServer().listen(port, '127.0.0.1')
  await once(other, 'listening')
  const taken = up()
  expect(await taken.ended).toBe(1)
  expect(taken.said()).toBe(
    `Port ${port} of 127.0.0.1 is in use by another program. Stop that one, or choose another with PORT=${port + 1}.\n`,
  )
  other.close()
  const strange = up({ PORT: '99999' })
  expect(await strange.ended).toBe(1)
  expect(strange.said()).toBe('PORT must be a whole number from 1 to 65535. For example: PORT=3000\n')
  const open = up({ HOSTNAME: '0.0.0.0' })
  expect(await open.ended).toBe(1)
  expect(open.said()).toMatch(/^APP_URL is missing, but HOSTNAME is 0\.0\.0\.0: .*\n$/)
})
