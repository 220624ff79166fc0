import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { findFreePort } from '#scripts/local/port.ts'
import { isAlive, processName } from '#scripts/postgres/folder-lock.ts'
import type { PostgresProgram } from '#scripts/postgres/postgres-program.ts'

const INITDB_MS = 120_000
// Recovery after a power cut replays the write-ahead log, 1 GB at most.
const READY_MS = 60_000
const STOP_MS = 30_000
const KILL_MS = 5_000
const POLL_MS = 20

const STARTING = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P03'])
const PASSING = /pre-existing shared memory block|lock file ".*" already exists|Address already in use/

export const SUPERUSER = 'switchboard_superuser'

/** Where a server's data is, and how it runs. */
export type Place = {
  program: PostgresProgram
  /** The server's own log. */
  log: string
  /** Remembers the port that the server used last. */
  portFile: string
  /** The superuser's password. */
  password: string
  /** False only for data that may be lost in a power cut: tests. */
  durable: boolean
}

/** A running server: our child, or one that an earlier process left behind (without `child`). */
export type PostgresServer = { pid: number; port: number; child?: ChildProcess }

/**
 * The server of a place: adopted if it is running, else started, with its data created if missing.
 * It answers queries once this resolves. Throws an Error with a sentence.
 */
export async function openServer(place: Place): Promise<PostgresServer> {
  await initialise(place)
  return (await adopt(place)) ?? (await launch(place))
}

/**
 * Stops the server with a fast shutdown, which writes everything. After 30 s uses an immediate
 * shutdown, from which the next start recovers.
 */
export async function closeServer(server: PostgresServer, place: Place): Promise<void> {
  for (const { signal, ms } of [
    { signal: 'SIGINT', ms: STOP_MS },
    { signal: 'SIGQUIT', ms: KILL_MS },
  ]) {
    if (!(await isGone(server, place))) process.kill(server.pid, signal)
    for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(POLL_MS))
      if (await isGone(server, place)) return
  }
  throw new Error(`PostgreSQL (process ${server.pid}) did not stop within ${(STOP_MS + KILL_MS) / 1000} s.`)
}

/** True once the server has ended, for whatever reason. */
export async function isGone({ child, pid }: PostgresServer, { program }: Place): Promise<boolean> {
  return child ? hasExited(child) : !(await isServing(pid, program.dataFolder))
}

/** A URL that connects to the server at `port`. Ignores the person's own PGSSLMODE. */
export function toServerUrl(port: number, role: string, password: string, database: string): string {
  return `postgresql://${role}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`
}

// Created in a temporary folder and renamed, so that an interrupted start leaves nothing that looks
// like a database.
async function initialise(place: Place): Promise<void> {
  const { program, password, durable } = place
  const made = await readFile(path.join(program.dataFolder, 'PG_VERSION')).catch(() => undefined)
  if (made) return program.own(program.dataFolder)
  const draft = `${program.dataFolder}.new`
  const passwordFile = `${program.dataFolder}.password`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { mode: 0o700 })
  await program.own(draft)
  try {
    await writeFile(passwordFile, password, { mode: 0o600 })
    await program.own(passwordFile)
    const security = ['-U', SUPERUSER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`]
    const locale = ['-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
    const child = await run(place, 'initdb', ['-D', draft, ...security, ...locale, ...(durable ? [] : ['--no-sync'])])
    for (const deadline = Date.now() + INITDB_MS; !hasExited(child); await sleep(POLL_MS))
      if (Date.now() > deadline) child.kill('SIGKILL')
    if (child.exitCode !== 0) throw await failure(place)
  } finally {
    await rm(passwordFile, { force: true })
  }
  await rename(draft, program.dataFolder)
}

/**
 * The server that an earlier, killed process left behind; undefined if none runs. Waits for one
 * that is shutting down.
 */
async function adopt(place: Place): Promise<PostgresServer | undefined> {
  const { dataFolder } = place.program
  const found = await readPidFile(dataFolder)
  if (!found) return undefined
  if (!(await isServing(found.pid, dataFolder))) {
    // After a crash another process may have the recorded process id, and PostgreSQL would take it
    // for a running server.
    await rm(path.join(dataFolder, 'postmaster.pid'), { force: true })
    return undefined
  }
  const isGone = async () => !(await isServing(found.pid, dataFolder))
  return (await answers(place, found.port, isGone)) ? found : undefined
}

async function launch(place: Place): Promise<PostgresServer> {
  const { program, portFile, durable } = place
  for (const deadline = Date.now() + READY_MS; ; await sleep(POLL_MS)) {
    const port = await findFreePort(Number(await readFile(portFile, 'utf8').catch(() => 0)))
    const settings = [
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'log_min_error_statement=panic',
      'log_timezone=UTC',
    ]
    if (!durable) settings.push('fsync=off', 'full_page_writes=off', 'synchronous_commit=off')
    const child = await run(place, 'postgres', [
      '-D',
      program.dataFolder,
      '-p',
      String(port),
      ...settings.flatMap((one) => ['-c', one]),
    ])
    const server = { pid: child.pid ?? 0, port, child }
    try {
      if (await answers(place, port, async () => hasExited(child))) {
        await writeFile(portFile, String(port))
        return server
      }
    } catch (error) {
      await closeServer(server, place)
      throw error
    }
    const problem = await failure(place)
    if (!PASSING.test(problem.message) || Date.now() > deadline) throw problem
  }
}

/**
 * True once a query is answered, false if the server has ended. Throws if it refuses us or takes
 * too long.
 */
async function answers({ password, program }: Place, port: number, isGone: () => Promise<boolean>): Promise<boolean> {
  for (const deadline = Date.now() + READY_MS; !(await isGone()); await sleep(POLL_MS)) {
    const client = new pg.Client({
      connectionString: toServerUrl(port, SUPERUSER, password, 'postgres'),
      connectionTimeoutMillis: 2_000,
      query_timeout: 2_000,
    })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.query('SELECT 1')
      return true
    } catch (error) {
      const { code, message } = error as { code?: string; message: string }
      if (code === '28P01' || code === '28000') {
        throw new Error(
          `The passwords in ${path.dirname(program.dataFolder)} do not open the database there: restore secrets.json from a backup, or delete the folder to start anew.`,
          { cause: error },
        )
      }
      const starting = STARTING.has(code ?? '') || /timeout|terminated/i.test(message)
      if (!starting) throw error
      if (Date.now() > deadline)
        throw new Error(`PostgreSQL did not answer within ${READY_MS / 1000} s.`, { cause: error })
    } finally {
      await client.end().catch(() => {})
    }
  }
  return false
}

async function run({ program, log }: Place, name: 'initdb' | 'postgres', args: string[]): Promise<ChildProcess> {
  const output = await open(log, 'w', 0o600)
  try {
    const child = program.spawn(name, args, output.fd)
    await once(child, 'spawn')
    return child
  } finally {
    await output.close()
  }
}

async function failure({ log, program }: Place): Promise<Error> {
  const text = await readFile(log, 'utf8')
  if (/No space left on device|Disk quota exceeded/.test(text))
    return new Error(`The disk that holds ${program.dataFolder} is full. Free some space, then start again.`)
  const last =
    text.split('\n').findLast((line) => /FATAL|PANIC|error:/.test(line)) ?? text.trim().split('\n').at(-1) ?? ''
  return new Error(
    `PostgreSQL could not start with the data in ${program.dataFolder}: ${last.replace(/^.*?(FATAL|PANIC|error): */, '')}. More is in ${log}.`,
  )
}

async function readPidFile(dataFolder: string): Promise<{ pid: number; port: number } | undefined> {
  const text = await readFile(path.join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => '')
  const [pid, , , port] = text.split('\n').map(Number)
  return pid && port ? { pid, port } : undefined
}

/**
 * True while process `pid` is the server of this folder. The server removes its pid file as its
 * last action.
 */
async function isServing(pid: number, dataFolder: string): Promise<boolean> {
  if ((await readPidFile(dataFolder))?.pid !== pid || !isAlive(pid)) return false
  return /postgres/.test((await processName(pid)) ?? '')
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
