import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { RequestListener, Server } from 'node:http'
import { assertUnprivilegedRole, PrivilegedRoleError } from '#lib/platform/db/assert-unprivileged-role.ts'
import { closeDb, db } from '#lib/platform/db/db.ts'
import { closeNotify } from '#lib/platform/db/notify.ts'
import { env, SettingsError } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'
import { shutDown } from '#lib/platform/process/shutdown.ts'
import { endTelemetry } from '#lib/platform/telemetry/telemetry-state.ts'
import { VERSION } from '#lib/platform/version.ts'

/** How long (ms) to wait before asking again a database that did not answer at start. */
const ASK_AGAIN_MS = 1_000

/**
 * Called once when the server starts. Exits on invalid settings or a privileged database role, and
 * arranges a graceful shutdown.
 */
export async function beginServing(): Promise<void> {
  try {
    const { APP_URL, HOSTNAME } = env()
    endOnSignals()
    await checkRole()
    log.info({ version: VERSION, app_url: APP_URL, listens_on: HOSTNAME }, 'serving')
  } catch (error) {
    refuse(error)
  }
}

function refuse(error: unknown): never {
  if (!(error instanceof SettingsError || error instanceof PrivilegedRoleError)) throw error
  log.fatal(error.message)
  process.exit(1)
}

async function checkRole(isFirst = true): Promise<void> {
  try {
    await assertUnprivilegedRole((sql) => db().$queryRawUnsafe(sql))
    if (!isFirst) log.info('the database answers')
  } catch (error) {
    if (error instanceof PrivilegedRoleError) throw error
    // The server may start before its database: /api/health/ready reports that until it answers.
    if (isFirst) log.warn({ error }, 'the database does not answer yet')
    setTimeout(() => void checkRole(false).catch(refuse), ASK_AGAIN_MS).unref()
  }
}

function endOnSignals(): void {
  const server = firstServer()
  let ending = false
  // Ctrl-C arrives twice, from the terminal and from the start script. The second must not kill the
  // process.
  const end = (signal: NodeJS.Signals) => {
    if (!ending) void endProcess(signal, server())
    ending = true
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
}

/**
 * Shuts down: first the runs end while the server still answers, then it accepts no more
 * connections and finishes open requests. The process exits with 0, or with 1 if that takes 2 s
 * longer than SHUTDOWN_GRACE.
 */
async function endProcess(signal: string, server: Server | undefined): Promise<void> {
  const graceMs = env().SHUTDOWN_GRACE * 1000
  const giveUp = setTimeout(() => {
    try {
      log.error({ grace_ms: graceMs }, 'the end took too long: exiting with work open')
    } finally {
      process.exit(1)
    }
  }, graceMs + 2_000)
  giveUp.unref()
  log.info({ signal }, 'shutting down')
  for (const error of await shutDown(graceMs)) log.error({ error }, 'shutting down went wrong')
  if (server) await closeServer(server)
  await Promise.all([closeDb(), closeNotify()])
  log.info('stopped')
  await endTelemetry()
  process.exit(0)
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}

/**
 * Refuses requests on which Next or the database would fail with a 500 and a log line each.
 * Installed before the first request is handled.
 */
function refuseUnusable(server: Server): void {
  const handlers = server.listeners('request') as RequestListener[]
  server.removeAllListeners('request')
  server.on('request', (request, response) => {
    // A web-standard Request cannot have this method.
    if (request.method === 'TRACE')
      response.writeHead(405, { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' }).end()
    else if (!isAddress(request.url ?? '')) response.writeHead(400).end()
    else for (const handler of handlers) handler.call(server, request, response)
  })
}

/**
 * False if `url` is not a path, has broken encoding, or contains NUL, which PostgreSQL does not
 * accept in text.
 */
function isAddress(url: string): boolean {
  if (!/^(?:\/|https?:\/\/)/i.test(url) || /%00/.test(url)) return false
  try {
    decodeURIComponent(url.replace(/[?#].*$/s, ''))
    return true
  } catch {
    return false
  }
}

/**
 * Next does not expose its HTTP server, but Node names it at the first request. Without a request
 * there is nothing to close.
 */
function firstServer(): () => Server | undefined {
  let server: Server | undefined
  const channel = 'http.server.request.start'
  const remember = (message: unknown) => {
    server = (message as { server: Server }).server
    unsubscribe(channel, remember)
    refuseUnusable(server)
  }
  subscribe(channel, remember)
  return () => server
}
