import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#scripts/postgres/embedded-postgres.ts'
import { isAlive } from '#scripts/postgres/folder-lock.ts'

let base: string
let folder: string
const started: EmbeddedPostgres[] = []
const holders: ChildProcess[] = []

beforeEach(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'switchboard-test-'))
  folder = path.join(base, 'data')
})
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop()
  for (const holder of holders.splice(0)) holder.kill('SIGKILL')
  await rm(base, { recursive: true, force: true })
})

async function start({ durable = false, say = (_: string) => {} } = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(folder, { durable, say })
  started.push(server)
  return server
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

async function hold(): Promise<{ holder: ChildProcess; server: EmbeddedPostgres }> {
  const holder = spawn(process.execPath, ['tests/support/processes/hold-postgres.ts', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  holders.push(holder)
  const [line] = await once(createInterface({ input: holder.stdout as NodeJS.ReadableStream }), 'line')
  return { holder, server: JSON.parse(line) }
}

test('the database has two unprivileged roles, scram passwords, secrets that only their owner can read, and listens on loopback only', async () => {
  const server = await start()
  expect(
    await query(
      server.appUrl,
      'SELECT current_user AS role, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user',
    ),
  ).toEqual([{ role: 'switchboard_app', rolsuper: false, rolbypassrls: false }])
  expect(
    await query(
      server.ownerUrl,
      'SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = current_database()',
    ),
  ).toEqual([{ owner: 'switchboard_owner' }])
  expect(await query(server.superuserUrl, 'SELECT DISTINCT auth_method FROM pg_hba_file_rules')).toEqual([
    { auth_method: 'scram-sha-256' },
  ])
  expect(
    await query(
      server.superuserUrl,
      "SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'unix_socket_directories') ORDER BY 1",
    ),
  ).toEqual([
    { name: 'listen_addresses', setting: '127.0.0.1' },
    { name: 'unix_socket_directories', setting: '' },
  ])
  const wrong = new URL(server.appUrl)
  wrong.password = 'wrong'
  await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/)
  wrong.password = ''
  await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow()
  expect((await stat(path.join(folder, 'secrets.json'))).mode & 0o777).toBe(0o600)
  expect((await stat(path.join(folder, 'postgres'))).mode & 0o777).toBe(0o700)
})

test('the server stops cleanly, and the next start has the same rows, port and secrets', async () => {
  const first = await start()
  await query(first.ownerUrl, 'CREATE TABLE kept AS SELECT 1 AS n')
  await started.pop()?.stop()
  expect(isAlive(first.pid)).toBe(false)
  await expect(stat(path.join(folder, 'lock'))).rejects.toThrow(/ENOENT/)
  const second = await start()
  expect(await query(second.ownerUrl, 'SELECT n FROM kept')).toEqual([{ n: 1 }])
  expect([second.appUrl, second.appSecret]).toEqual([first.appUrl, first.appSecret])
})

test('a second start on the same folder is refused and names the process', async () => {
  const { holder } = await hold()
  await expect(start()).rejects.toThrow(
    `Switchboard already runs with the data in ${folder}: process ${holder.pid}. Stop that one first.`,
  )
  holder.kill('SIGTERM')
  await once(holder, 'exit')
  await start()
})

test('the server of a killed process is adopted, and stopped with the new one', async () => {
  const { holder, server } = await hold()
  await query(server.ownerUrl, 'CREATE TABLE kept AS SELECT 1 AS n')
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  const adopted = await start()
  expect(adopted.pid).toBe(server.pid)
  expect(await query(adopted.ownerUrl, 'SELECT n FROM kept')).toEqual([{ n: 1 }])
  await started.pop()?.stop()
  await expect(query(adopted.ownerUrl, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/)
})

test('a server that was killed is recovered, even if its process id now belongs to another process', async () => {
  const first = await start({ durable: true })
  await query(first.ownerUrl, 'CREATE TABLE kept AS SELECT 1 AS n')
  const pidFile = path.join(folder, 'postgres/postmaster.pid')
  const lines = (await readFile(pidFile, 'utf8')).split('\n')
  process.kill(first.pid, 'SIGKILL')
  await started.pop()?.stop()
  await writeFile(pidFile, [process.pid, ...lines.slice(1)].join('\n'))
  const second = await start()
  expect(await query(second.ownerUrl, 'SELECT n FROM kept')).toEqual([{ n: 1 }])
})

test('a server that ends unexpectedly is restarted; one that cannot restart is reported', async () => {
  const said: string[] = []
  const server = await start({ durable: true, say: (line) => said.push(line) })
  await query(server.ownerUrl, 'CREATE TABLE kept AS SELECT 1 AS n')
  const first = server.pid
  process.kill(first, 'SIGKILL')
  await expect
    .poll(() => query(server.ownerUrl, 'SELECT n FROM kept').catch(String), { timeout: 60_000 })
    .toEqual([{ n: 1 }])
  expect(said).toEqual(['PostgreSQL ended unexpectedly and is started again.'])
  // It accepts connections before its watcher notices.
  await expect.poll(() => server.pid).not.toBe(first)
  await rm(path.join(folder, 'postgres/global/pg_control'))
  process.kill(server.pid, 'SIGKILL')
  await expect(server.lost).rejects.toThrow(/PostgreSQL could not start with the data in .*: .*pg_control/)
})

test('each problem that a person can fix is one sentence', async () => {
  await start()
  await started.pop()?.stop()
  const secrets = path.join(folder, 'secrets.json')
  const kept = await readFile(secrets)
  await rm(secrets)
  await expect(start()).rejects.toThrow(/The passwords in .* do not open the database there: restore secrets.json/)
  await writeFile(secrets, '{"superuser":')
  await expect(start()).rejects.toThrow(/secrets.json is damaged/)
  await writeFile(secrets, kept)
  await rm(path.join(folder, 'postgres/global/pg_control'))
  await expect(start()).rejects.toThrow(/PostgreSQL could not start with the data in .*: .*pg_control/)
})

test.runIf(process.getuid?.() === 0)(
  'as root without user namespaces it runs as the user nobody, with its data where that user can reach it',
  async () => {
    const fake = path.join(base, 'bin')
    await mkdir(fake)
    await writeFile(path.join(fake, 'unshare'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    vi.stubEnv('PATH', `${fake}:${process.env.PATH}`)
    try {
      await chmod(base, 0o711)
      const inPlace = await start()
      expect(await uidOf(inPlace.pid)).toBe(65_534)
      expect((await stat(path.join(folder, 'postgres'))).uid).toBe(65_534)
      await started.pop()?.stop()

      folder = path.join(base, 'closed', 'data')
      await mkdir(path.dirname(folder), { mode: 0o700 })
      const moved = await start()
      expect(await uidOf(moved.pid)).toBe(65_534)
      const place = await readlink(path.join(folder, 'postgres'))
      expect(place).toMatch(/^\/var\/lib\/switchboard\//)
      await query(moved.ownerUrl, 'CREATE TABLE kept AS SELECT 1 AS n')
      await started.pop()?.stop()

      vi.unstubAllEnvs()
      const asBefore = await start()
      expect(await query(asBefore.ownerUrl, 'SELECT n FROM kept')).toEqual([{ n: 1 }])
      await started.pop()?.stop()
      await rm(path.dirname(place), { recursive: true })
    } finally {
      vi.unstubAllEnvs()
    }
  },
)

async function uidOf(pid: number): Promise<number> {
  return (await stat(`/proc/${pid}`)).uid
}
