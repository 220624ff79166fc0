import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { type LocalSecrets, loadLocalSecrets } from '#scripts/local/local-secrets.ts'
import { LockedError, takeLock } from '#scripts/postgres/folder-lock.ts'
import { findPostgresProgram } from '#scripts/postgres/postgres-program.ts'
import { closeServer, openServer, SUPERUSER, toServerUrl } from '#scripts/postgres/postgres-server.ts'
import { watchServer } from '#scripts/postgres/postgres-watch.ts'

const DATABASE = 'switchboard'
const OWNER = 'switchboard_owner'
const APP = 'switchboard_app'

/**
 * A PostgreSQL server on loopback, with its data in one folder, that runs for this process only.
 */
export type EmbeddedPostgres = {
  /** Connects as the application's role: not a superuser, no BYPASSRLS, owns nothing. */
  appUrl: string
  /** Connects as the owner of the tables. */
  ownerUrl: string
  /** Connects as the superuser, to the database `postgres`. */
  superuserUrl: string
  /** The APP_SECRET of the embedded start, stored beside the passwords. */
  appSecret: string
  readonly pid: number
  /**
   * Rejects with EmbeddedPostgresError if the server ended unexpectedly and could not be restarted.
   * Never resolves.
   */
  lost: Promise<never>
  /** Shuts the server down cleanly (35 s at most) and releases the folder. */
  stop(): Promise<void>
}

/**
 * Thrown for everything that a person can fix: a folder in use, a full disk, broken data. The
 * message is one sentence.
 */
export class EmbeddedPostgresError extends Error {}

/**
 * Starts PostgreSQL with the data in `folder`, which is created if missing, or adopts the server
 * that a killed process left there. Restarts a server that something else ended, and reports that
 * through `say`. `durable: false` gives up safety against power cuts, for tests. Throws
 * EmbeddedPostgresError.
 */
export async function startEmbeddedPostgres(
  folder: string,
  { durable = true, say = (_: string) => {} } = {},
): Promise<EmbeddedPostgres> {
  const home = path.resolve(folder)
  try {
    await mkdir(home, { recursive: true, mode: 0o700 })
    const unlock = await takeLock(path.join(home, 'lock'))
    return await open(home, durable, say, unlock).catch(async (error) => {
      await unlock()
      throw error
    })
  } catch (error) {
    throw new EmbeddedPostgresError(sentence(error, home), { cause: error })
  }
}

/** The URL of the application's role at the server on `port`, whichever process runs it. */
export function toEmbeddedAppUrl(port: number, password: string): string {
  return toServerUrl(port, APP, password, DATABASE)
}

async function open(
  home: string,
  durable: boolean,
  say: (line: string) => void,
  unlock: () => Promise<void>,
): Promise<EmbeddedPostgres> {
  const secrets = await loadLocalSecrets(home)
  const place = {
    program: await findPostgresProgram(home),
    log: path.join(home, 'postgres.log'),
    portFile: path.join(home, 'postgres.port'),
    password: secrets.superuser,
    durable,
  }
  const server = await openServer(place)
  const superuserUrl = toServerUrl(server.port, SUPERUSER, secrets.superuser, 'postgres')
  try {
    await makeRoles(superuserUrl, secrets)
  } catch (error) {
    await closeServer(server, place)
    throw error
  }
  const watched = watchServer(server, place, say)
  const lost = watched.lost.catch((error): never => {
    throw new EmbeddedPostgresError(sentence(error, home), { cause: error })
  })
  lost.catch(() => {})
  return {
    appUrl: toEmbeddedAppUrl(server.port, secrets.app),
    ownerUrl: toServerUrl(server.port, OWNER, secrets.owner, DATABASE),
    superuserUrl,
    appSecret: secrets.appSecret,
    get pid() {
      return watched.current().pid
    },
    lost,
    async stop() {
      await closeServer(await watched.release(), place)
      await unlock()
    },
  }
}

// Creates the database last: if it exists, so do the roles.
async function makeRoles(superuserUrl: string, secrets: LocalSecrets): Promise<void> {
  const client = new pg.Client({
    connectionString: superuserUrl,
    connectionTimeoutMillis: 10_000,
    query_timeout: 30_000,
  })
  await client.connect()
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE])
    if (rowCount) return
    for (const [role, password] of [
      [OWNER, secrets.owner],
      [APP, secrets.app],
    ] as const) {
      await client.query(`DROP ROLE IF EXISTS ${role}`)
      await client.query(
        `CREATE ROLE ${role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD ${pg.escapeLiteral(password)}`,
      )
    }
    await client.query(`CREATE DATABASE ${DATABASE} OWNER ${OWNER}`)
  } finally {
    await client.end()
  }
}

function sentence(error: unknown, home: string): string {
  if (error instanceof LockedError)
    return `Switchboard already runs with the data in ${home}: process ${error.pid}. Stop that one first.`
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === '53100')
    return `The disk that holds ${home} is full. Free some space, then start again.`
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return `${home} cannot be written by this user: it may belong to another one. (${message})`
  return message
}
