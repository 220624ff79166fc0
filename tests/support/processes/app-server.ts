import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { inject } from 'vitest'
import { ROOT } from '#scripts/build-freshness.ts'
import { findFreePort } from '#scripts/local/port.ts'
import { buildIfStale } from '#tests/support/processes/build.ts'

const READY_MS = 120_000
const STOP_MS = 40_000

/** The production build as a process of its own. */
export type AppServer = {
  url: string
  pid: number
  /** The URL of its database as the owner of the tables. */
  databaseUrl: string
  /** Everything it has printed so far. */
  logs(): string
  kill(signal: NodeJS.Signals): void
  /**
   * Resolves with the exit code when the process has ended by itself or by `kill`; null after a
   * signal that cannot be caught.
   */
  ended: Promise<number | null>
  /** Ends the process as an operator does (SIGTERM) and drops its database. */
  stop(): Promise<void>
}

/**
 * Starts the build on a free port, with settings that reach nothing outside this machine. Its
 * database is a fresh copy of the template, or the one of `databaseUrl`, which is kept. Builds
 * first if the sources changed since the last build.
 */
export async function startApp({
  env = {},
  databaseUrl,
}: {
  env?: Record<string, string>
  databaseUrl?: string
} = {}): Promise<AppServer> {
  await buildIfStale()
  const database = databaseUrl ? new URL(databaseUrl).pathname.slice(1) : await copyTemplate()
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(process.execPath, ['scripts/start.ts'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      NODE_ENV: 'production',
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TZ: 'UTC',
      NEXT_DIST_DIR: process.env.NEXT_DIST_DIR,
      APP_URL: url,
      APP_SECRET: 'a secret of the tests, long enough',
      HOSTNAME: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: urlOf('test_app', database),
      DATABASE_DIRECT_URL: urlOf('test_owner', database),
      LOG_LEVEL: 'info',
      SHUTDOWN_GRACE: '5',
      ATTACHMENTS_DIR: process.env.ATTACHMENTS_DIR,
      ...env,
    },
  })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const logs = collect(child)
  const stop = async () => {
    child.kill('SIGTERM')
    const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await ended
    clearTimeout(killer)
    if (!databaseUrl) await asAdmin(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
  }
  try {
    await becomeReady(child, url)
  } catch (error) {
    await stop()
    throw new Error(`${(error as Error).message}\n${logs()}`)
  }
  return {
    url,
    pid: child.pid ?? 0,
    databaseUrl: urlOf('test_owner', database),
    logs,
    kill: (signal) => child.kill(signal),
    ended,
    stop,
  }
}

async function becomeReady(child: ChildProcess, url: string): Promise<void> {
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline; await sleep(30)) {
    if (child.exitCode !== null) throw new Error(`the app ended with exit code ${child.exitCode} before it was ready`)
    const answer = await fetch(`${url}/api/health/ready`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined)
    if (answer?.ok) return
  }
  throw new Error(`the app was not ready within ${READY_MS} ms`)
}

function collect(child: ChildProcess): () => string {
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
  return () => chunks.join('')
}

async function copyTemplate(): Promise<string> {
  const database = `test_app_${randomBytes(6).toString('hex')}`
  await asAdmin(`CREATE DATABASE ${database} TEMPLATE ${inject('template')} OWNER test_owner STRATEGY FILE_COPY`)
  return database
}

function urlOf(role: string, database: string): string {
  const url = new URL(inject('adminUrl'))
  url.username = role
  url.password = 'test'
  url.pathname = `/${database}`
  return url.href
}

async function asAdmin(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('adminUrl') })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
