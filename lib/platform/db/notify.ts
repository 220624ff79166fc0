import pg from 'pg'
import { env } from '#lib/platform/env.ts'
import { log, withLogContext } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

/** Told of each message of a channel, this process's own among them, and of each time when messages may have been missed: whoever listens reads again then. */
export type Listener = { heard: (payload: string) => void; missed: () => void }

type State = {
  channels: Map<string, Set<Listener>>
  client?: pg.Client
  connecting?: Promise<void>
  timer?: NodeJS.Timeout
  /** A connection does one thing at a time. */
  last: Promise<unknown>
  failures: number
  closed: boolean
}

const CONNECT_MS = 5_000
const PING_MS = 15_000
const RETRY_MS = [250, 1_000, 2_000, 5_000]

// One connection serves the whole process; after it is closed, the next listener begins anew.
const shared = processState('notify', (): { state?: State } => ({}))

function state(): State {
  const own = shared()
  own.state ??= { channels: new Map(), last: Promise.resolve(), failures: 0, closed: false }
  return own.state
}

/**
 * Hears the messages of other processes (PostgreSQL's LISTEN) on one connection of its own, which comes back by itself.
 * Messages are hints: they carry no data, may be missed, and whoever hears one reads the rows. Returns how to stop.
 */
export function listen(channel: string, listener: Listener): () => void {
  const own = state()
  const listeners = own.channels.get(channel) ?? new Set()
  own.channels.set(channel, listeners.add(listener))
  if (listeners.size === 1 && own.client) void query(own, `LISTEN ${pg.escapeIdentifier(channel)}`)
  open(own)
  return () => listeners.delete(listener)
}

/** True when messages arrive; waits for a connection that is being made, but not for one that fails. Whoever gets false has to look by itself. */
export async function isListening(): Promise<boolean> {
  const own = state()
  await own.connecting
  return own.client !== undefined
}

/** Tells other processes, one message a payload. Never throws: what gets lost is found by looking. Nobody hears it where LISTEN is switched off. */
export async function notify(channel: string, payloads: string[]): Promise<void> {
  const own = state()
  if (payloads.length === 0 || !open(own)) return
  await own.connecting
  await query(own, 'SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', [channel, payloads])
}

/** Waits for what the connection does already. Never throws: a connection that fails is made again. */
function query(own: State, sql: string, values: unknown[] = []): Promise<unknown> {
  const { client } = own
  own.last = own.last
    .then(() => (client === own.client ? client?.query(sql, values) : undefined))
    .catch((error) => {
      log.debug({ error }, 'other processes could not be told or heard')
      lose(own, client)
    })
  return own.last
}

/** Closes the connection, at the end of the process and between tests. The next `listen` or `notify` opens it again. */
export async function closeNotify(): Promise<void> {
  const own = state()
  shared().state = undefined
  own.closed = true
  clearTimeout(own.timer)
  await own.connecting
  await own.client?.end().catch(() => undefined)
}

/** Sees to it that a connection is there or on its way; false where the settings forbid one. */
function open(own: State): boolean {
  const { DATABASE_LISTEN_URL, DATABASE_URL } = env()
  if (DATABASE_LISTEN_URL === 'off') return false
  // The connection outlives the request that opened it, whose id must not stand in its log lines.
  if (!own.client && !own.timer)
    own.connecting ??= withLogContext({ request_id: undefined, user_id: undefined }, () =>
      connect(own, DATABASE_LISTEN_URL ?? DATABASE_URL).finally(() => {
        own.connecting = undefined
      }),
    )
  return true
}

async function connect(own: State, connectionString: string): Promise<void> {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: CONNECT_MS,
    keepAlive: true,
    application_name: 'switchboard listen',
  })
  client.on('error', () => lose(own, client))
  client.on('end', () => lose(own, client))
  client.on('notification', ({ channel, payload = '' }) => {
    for (const { heard } of own.channels.get(channel) ?? []) heard(payload)
  })
  try {
    await client.connect()
    ;(client as pg.Client & { unref(): void }).unref()
    for (const channel of own.channels.keys()) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
    own.client = client
    own.failures = 0
    own.timer = undefined
    ping(own, client)
    for (const listeners of own.channels.values()) for (const { missed } of listeners) missed()
  } catch (error) {
    if (own.failures === 0) log.warn({ error }, 'other processes cannot be heard: looking for their news by and by')
    await client.end().catch(() => undefined)
    retry(own)
  }
}

function ping(own: State, client: pg.Client): void {
  const timer = setInterval(() => {
    if (own.client === client) void query(own, 'SELECT 1')
    else clearInterval(timer)
  }, PING_MS)
  timer.unref()
}

/** The connection broke: it is made again after a while. */
function lose(own: State, client = own.client): void {
  if (!client || own.client !== client) return
  own.client = undefined
  void client.end().catch(() => undefined)
  retry(own)
}

function retry(own: State): void {
  if (own.closed) return
  const wait = RETRY_MS[Math.min(own.failures, RETRY_MS.length - 1)]
  own.failures += 1
  own.timer = setTimeout(() => {
    own.timer = undefined
    open(own)
  }, wait).unref()
}
