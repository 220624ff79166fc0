import { once } from 'node:events'
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { isDatabaseDown } from '#lib/platform/errors.ts'

const CONNECT_MS = 5_000
const ASK_AGAIN_MS = 1_000

type Wait = {
  url: string
  /** How long (ms) to wait at most. */
  ms: number
  say: (line: string) => void
  /** Where health checks are answered meanwhile. Nothing listens there afterwards. */
  at?: { host: string; port: number }
}

/**
 * Waits while the database of `url` is away, and says so once. Returns if it answers, whatever it
 * answers, and after `ms`: the next step then says what is wrong. SIGTERM and SIGINT end the process.
 */
export async function waitForDatabase({ url, ms, say, at }: Wait): Promise<void> {
  const deadline = Date.now() + ms
  let why = await findAbsence(url)
  if (!why || ms === 0) return
  const { host } = new URL(url)
  say(`the database at ${host} does not answer yet (${why}): waiting for it for up to ${ms / 1000} s (DATABASE_WAIT)`)
  // The first process of a container ignores signals for which it has no listener.
  const end = () => process.exit(0)
  process.on('SIGTERM', end).on('SIGINT', end)
  const server = at && (await answerMeanwhile(at))
  try {
    while (why && Date.now() < deadline) {
      await sleep(Math.min(ASK_AGAIN_MS, deadline - Date.now()))
      why = await findAbsence(url)
    }
    if (!why) say(`the database at ${host} answers`)
  } finally {
    process.off('SIGTERM', end).off('SIGINT', end)
    server?.close()
    server?.closeAllConnections()
    if (server) await once(server, 'close')
  }
}

/** Why the database cannot be reached; undefined if it answers, be it with a refusal. */
async function findAbsence(url: string): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS })
  client.on('error', () => {})
  try {
    await client.connect()
    return undefined
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return isDatabaseDown(error) ? (code ?? message) : undefined
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** The process is alive and not ready, so nobody restarts it or sends it requests. */
async function answerMeanwhile({ host, port }: { host: string; port: number }): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    const isAlive = request.url?.split('?')[0] === '/api/health/live'
    const body = isAlive ? { status: 'ok' } : { status: 'unavailable', reason: 'database' }
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', connection: 'close' }
    response.writeHead(isAlive ? 200 : 503, isAlive ? headers : { ...headers, 'retry-after': '5' })
    response.end(JSON.stringify(body))
  })
  server.listen(port, host)
  await once(server, 'listening')
  return server
}
