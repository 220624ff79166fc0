// The second half of `npm run up`, once everything is installed: builds if the sources changed,
// starts a database and the server, and prints the address. --dev serves the sources and reloads
// them on edits; --data names another folder than .data; --quiet prints nothing during the build.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { isLoopback } from '#lib/platform/env.ts'
import { isFresh, ROOT } from '#scripts/build-freshness.ts'
import { readPort } from '#scripts/local/port.ts'
import { migrate } from '#scripts/migrate.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#scripts/postgres/embedded-postgres.ts'

const READY_MS = 90_000
// The server's own grace period for its runs, plus 10 s.
const END_MS = (Number(process.env.SHUTDOWN_GRACE) || 25) * 1000 + 10_000
// Lines that Next prints at its start. Ours is printed once the server is usable.
const BANNER = /^\s*(▲ Next|- (Local|Network|Environments|Experiments)|✓ |$)/

const { values: options } = parseArgs({
  options: { dev: { type: 'boolean' }, data: { type: 'string' }, quiet: { type: 'boolean' } },
})
const stopping = new AbortController()
const children = new Set<ChildProcess>()
let database: EmbeddedPostgres | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
process.on('disconnect', stop)

try {
  await serve()
} catch (error) {
  if (!stopping.signal.aborted) {
    console.error((error as Error).message)
    process.exitCode = 1
  }
}
await stopChildren()
await database?.stop().catch((error: Error) => console.error(error.message))
process.exit()

async function serve(): Promise<void> {
  const env = await settings()
  if (!options.dev && !(await isFresh())) {
    if (!options.quiet) console.log('Building the pages, because the sources changed; this takes about half a minute.')
    await runToEnd(['scripts/build.ts', '--if-stale'])
  }
  if (options.dev) await prepareSources(env)
  const server = run(
    options.dev ? ['node_modules/next/dist/bin/next', 'dev', '-H', env.HOSTNAME, '-p', env.PORT] : ['scripts/start.ts'],
    env,
  )
  forwardLines(server)
  const ended = once(server, 'exit')
  const address = `http://${env.HOSTNAME.includes(':') ? `[${env.HOSTNAME}]` : env.HOSTNAME}:${env.PORT}`
  if (await isReady(server, address))
    console.log(`Switchboard is ready: ${process.env.APP_URL ?? env.APP_URL ?? address} (Ctrl-C stops it)`)
  const [code] = await (database ? Promise.race([ended, database.lost]) : ended)
  if (!stopping.signal.aborted) process.exitCode = code || 1
}

type Settings = NodeJS.ProcessEnv & { HOSTNAME: string; PORT: string }

/** The server's settings: the person's own, plus those of the embedded database. */
async function settings(): Promise<Settings> {
  const { HOSTNAME = '', PORT, DATABASE_URL, APP_URL, APP_SECRET } = process.env
  const address = net.isIP(HOSTNAME) ? HOSTNAME : '127.0.0.1'
  // On any other address the log must show the set-up code of the first account.
  const LOG_LEVEL = process.env.LOG_LEVEL || (isLoopback(address) ? 'warn' : 'info')
  const env = {
    NEXT_TELEMETRY_DISABLED: '1',
    ...process.env,
    LOG_LEVEL,
    HOSTNAME: address,
    PORT: String(readPort(PORT)),
  }
  if (DATABASE_URL) return env
  if (!APP_URL && !isLoopback(env.HOSTNAME))
    throw new Error(
      `APP_URL is missing, but HOSTNAME is ${env.HOSTNAME}: set it to the address that people will use. For example: APP_URL=http://192.168.1.20:${env.PORT}`,
    )
  const data = path.resolve(ROOT, options.data ?? '.data')
  database = await startEmbeddedPostgres(data, { say: console.error })
  return {
    ...env,
    DATABASE_URL: database.appUrl,
    DATABASE_DIRECT_URL: database.ownerUrl,
    APP_URL: APP_URL || `http://${env.HOSTNAME}:${env.PORT}`,
    APP_SECRET: APP_SECRET || database.appSecret,
    ATTACHMENTS_DIR: process.env.ATTACHMENTS_DIR || path.join(data, 'attachments'),
  }
}

async function prepareSources(env: Settings): Promise<void> {
  for (const script of ['scripts/generate.ts', 'scripts/build-element.ts']) await runToEnd([script])
  const { DATABASE_DIRECT_URL: ownerUrl, DATABASE_URL: appUrl = '' } = env
  if (ownerUrl) await migrate({ ownerUrl, appUrl, say: console.log })
}

function run(args: string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
  stopping.signal.throwIfAborted()
  // The IPC channel closes when this process ends, however it ends, and so tells the child.
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

async function runToEnd(args: string[]): Promise<void> {
  const child = run(args)
  child.stdout?.resume()
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${args[0]} failed: see above.`)
}

function forwardLines(child: ChildProcess): void {
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    if (!BANNER.test(line)) console.log(line)
  })
}

async function isReady(server: ChildProcess, address: string): Promise<boolean> {
  const gone = new AbortController()
  server.once('exit', () => gone.abort())
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline; await sleep(50)) {
    if (gone.signal.aborted || stopping.signal.aborted) return false
    const signal = AbortSignal.any([gone.signal, stopping.signal, AbortSignal.timeout(10_000)])
    const answer = await fetch(`${address}/api/health/ready`, { signal }).catch(() => undefined)
    if (answer?.ok) return true
  }
  throw new Error(`The server did not become ready within ${READY_MS / 1000} s.`)
}

function stop(): void {
  stopping.abort()
  for (const child of children) child.kill('SIGTERM')
}

async function stopChildren(): Promise<void> {
  stop()
  const killer = setTimeout(() => {
    for (const child of children) child.kill('SIGKILL')
  }, END_MS)
  await Promise.all([...children].map((child) => once(child, 'exit')))
  clearTimeout(killer)
}
