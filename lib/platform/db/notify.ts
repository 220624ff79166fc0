import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { withDeadline } from '#lib/platform/deadline.ts'
import { env } from '#lib/platform/env.ts'
import { log, withLogContext } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

/**
 * `heard` is called for each message of a channel, including those of this process. `missed` is
 * called when messages may have been lost: the listener then reads the rows again.
 */
export type Listener = { heard: (payload: string) => void; missed: () => void }

type State = {
  channels: Map<string, Set<Listener>>
  client?: pg.Client
  connecting?: Promise<void>
  timer?: NodeJS.Timeout
  /** The last query in the queue: a connection runs one query at a time. */
  last: Promise<unknown>
  failures: number
  /** A pooler in between swallows LISTEN. */
  isDeaf: boolean
  closed: boolean
}

const CONNECT_MS = 5_000
const PING_MS = 15_000
const RETRY_MS = [250, 1_000, 2_000, 5_000]
/** How long (ms) the first message may take, and when to try again if it did not arrive. */
const HEAR_MS = 3_000
const DEAF_MS = 60_000

/** LISTEN was accepted, but no message arrives. No AppError: it is for the log alone. */
class DeafError extends Error {}

// One connection serves the whole process. After it is closed, the next listener opens a new one.
const shared = processState('notify', (): { state?: State } => ({}))

function state(): State {
  const own = shared()
  own.state ??= { channels: new Map(), last: Promise.resolve(), failures: 0, isDeaf: false, closed: false }
  return own.state
}

/**
 * Listens to messages of other processes (PostgreSQL LISTEN) on one separate connection that
 * reconnects by itself. Messages are hints: they carry no data and may be lost, so a listener reads
 * the rows. Returns an unsubscribe function.
 */
export function listen(channel: string, listener: Listener): () => void {
  const own = state()
  const listeners = own.channels.get(channel) ?? new Set()
  own.channels.set(channel, listeners.add(listener))
  if (listeners.size === 1 && own.client) void query(own, `LISTEN ${pg.escapeIdentifier(channel)}`)
  open(own)
  return () => listeners.delete(listener)
}

/**
 * True if messages arrive. Waits for a connection attempt in progress, but not for further retries.
 * If false, the caller has to poll.
 */
export async function isListening(): Promise<boolean> {
  const own = state()
  if (!own.isDeaf) await own.connecting
  return own.client !== undefined
}

/**
 * Notifies other processes, one message per payload. Never throws, because receivers also poll.
 * Sends nothing if LISTEN is switched off.
 */
export async function notify(channel: string, payloads: string[]): Promise<void> {
  const own = state()
  if (payloads.length === 0 || !open(own) || own.isDeaf) return
  await own.connecting
  await query(own, 'SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', [channel, payloads])
}

/**
 * Queues behind the queries already on the connection. Never throws: a failed connection is
 * reopened.
 */
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

/**
 * Closes the connection, at shutdown and between tests. The next `listen` or `notify` opens it
 * again.
 */
export async function closeNotify(): Promise<void> {
  const own = state()
  shared().state = undefined
  own.closed = true
  clearTimeout(own.timer)
  await own.connecting
  await own.client?.end().catch(() => undefined)
}

/** Ensures that a connection is open or being opened. Returns false if the settings forbid one. */
function open(own: State): boolean {
  const { DATABASE_LISTEN_URL, DATABASE_URL } = env()
  if (DATABASE_LISTEN_URL === 'off') return false
  // The connection outlives the request that opened it, so its log lines must not carry that
  // request id.
  if (!own.client && !own.timer)
    own.connecting ??= withLogContext({ request_id: undefined, user_id: undefined }, () =>
      connect(own, DATABASE_LISTEN_URL ?? DATABASE_URL).finally(() => {
        own.connecting = undefined
      }),
    )
  return true
}

function createClient(connectionString: string): pg.Client {
  return new pg.Client({
    connectionString,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: CONNECT_MS,
    keepAlive: true,
    application_name: 'switchboard listen',
  })
}

async function connect(own: State, connectionString: string): Promise<void> {
  const client = createClient(connectionString)
  client.on('error', () => lose(own, client))
  client.on('end', () => lose(own, client))
  client.on('notification', ({ channel, payload = '' }) => {
    for (const { heard } of own.channels.get(channel) ?? []) heard(payload)
  })
  try {
    await client.connect()
    ;(client as pg.Client & { unref(): void }).unref()
    await requireHearing(client, connectionString)
    for (const channel of own.channels.keys()) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
    own.client = client
    own.failures = 0
    own.isDeaf = false
    own.timer = undefined
    ping(own, client)
    for (const listeners of own.channels.values()) for (const { missed } of listeners) missed()
  } catch (error) {
    await client.end().catch(() => undefined)
    if (error instanceof DeafError) {
      if (!own.isDeaf) log.warn(error.message)
      own.isDeaf = true
    } else if (own.failures === 0)
      log.warn({ error }, 'other processes cannot be heard: looking for their news by and by')
    retry(own)
  }
}

/**
 * Throws DeafError if `client` does not hear a message that another connection sends. A transaction
 * pooler accepts LISTEN and delivers nothing. If `client` sent the message itself, it could arrive
 * even there.
 */
async function requireHearing(client: pg.Client, connectionString: string): Promise<void> {
  const channel = pg.escapeIdentifier(`switchboard_probe_${randomUUID()}`)
  const { promise: heard, resolve } = Promise.withResolvers<boolean>()
  const hear = (message: pg.Notification) => {
    if (pg.escapeIdentifier(message.channel) === channel) resolve(true)
  }
  const sender = createClient(connectionString)
  sender.on('error', () => {})
  client.on('notification', hear)
  try {
    await client.query(`LISTEN ${channel}`)
    await sender.connect()
    await sender.query(`NOTIFY ${channel}`)
    const isHeard = await withDeadline(heard, HEAR_MS, () => false)
    await client.query(`UNLISTEN ${channel}`)
    if (isHeard) return
  } finally {
    client.off('notification', hear)
    await sender.end().catch(() => undefined)
  }
  throw new DeafError(
    'The database accepts LISTEN, but no message arrives: a transaction pooler is in between. Replicas look for ' +
      "each other's news at intervals instead. Set DATABASE_LISTEN_URL to PostgreSQL's own address, or to " +
      '"off" if there is none.',
  )
}

function ping(own: State, client: pg.Client): void {
  const timer = setInterval(() => {
    if (own.client === client) void query(own, 'SELECT 1')
    else clearInterval(timer)
  }, PING_MS)
  timer.unref()
}

/** Handles a broken connection: drops it and reconnects after a while. */
function lose(own: State, client = own.client): void {
  if (!client || own.client !== client) return
  own.client = undefined
  void client.end().catch(() => undefined)
  retry(own)
}

function retry(own: State): void {
  if (own.closed) return
  const wait = own.isDeaf ? DEAF_MS : RETRY_MS[Math.min(own.failures, RETRY_MS.length - 1)]
  own.failures += 1
  own.timer = setTimeout(() => {
    own.timer = undefined
    open(own)
  }, wait).unref()
}
