import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { assertUnprivilegedRole as requireHarmless } from '#lib/platform/db/assert-unprivileged-role.ts'

const FOLDER = path.join(import.meta.dirname, '../prisma/migrations')
// Any constant works, as long as all replicas use the same one.
const LOCK = 7_270_736_911
const LOCK_WAIT_MS = 120_000
const CONNECT_MS = 10_000

type Options = {
  /** The URL of the tables' owner: DATABASE_DIRECT_URL. */
  ownerUrl: string
  /**
   * The URL of the application's role, which must not be able to bypass row-level security:
   * DATABASE_URL.
   */
  appUrl: string
  folder?: string
  say?: (line: string) => void
}

/**
 * Applies the missing migrations, each in a transaction, under an advisory lock that replicas
 * share. Keeps Prisma's own table, so that `prisma migrate status` agrees. Then ensures that the
 * application's role exists and has its rights. Throws an Error with one sentence that names the
 * migration or the role.
 */
export async function migrate({ ownerUrl, appUrl, folder = FOLDER, say = () => {} }: Options): Promise<void> {
  await connected(ownerUrl, async (owner) => {
    await owner.query(`SET lock_timeout = ${LOCK_WAIT_MS}`)
    await lock(owner)
    await applyAll(owner, folder, say)
    await grantToApp(owner, new URL(appUrl))
  })
  await requireHarmlessRole(appUrl)
}

async function lock(owner: pg.Client): Promise<void> {
  try {
    await owner.query('SELECT pg_advisory_lock($1)', [LOCK])
  } catch (cause) {
    throw new Error(
      `Another start has been migrating this database for more than ${LOCK_WAIT_MS / 1000} s. Look at that one first.`,
      {
        cause,
      },
    )
  }
}

async function applyAll(owner: pg.Client, folder: string, say: (line: string) => void): Promise<void> {
  await owner.query(`CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL,
    logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`)
  const applied = await appliedMigrations(owner)
  for (const name of await listMigrations(folder)) {
    const sql = await readFile(path.join(folder, name, 'migration.sql'), 'utf8')
    const checksum = createHash('sha256').update(sql).digest('hex')
    if (applied.get(name) === checksum) continue
    if (applied.has(name))
      throw new Error(
        `The migration ${name} was changed after this database applied it. Restore the file, or make the change in a new migration.`,
      )
    await applyOne(owner, name, sql, checksum)
    say(`applied migration ${name}`)
  }
}

async function appliedMigrations(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query(
    'SELECT migration_name, checksum FROM _prisma_migrations WHERE rolled_back_at IS NULL AND finished_at IS NOT NULL',
  )
  return new Map(rows.map((row) => [row.migration_name, row.checksum]))
}

async function listMigrations(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

async function applyOne(owner: pg.Client, name: string, sql: string, checksum: string): Promise<void> {
  try {
    await owner.query('BEGIN')
    await owner.query(sql)
    await owner.query(
      'INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count) VALUES ($1, $2, $3, now(), 1)',
      [randomUUID(), checksum, name],
    )
    await owner.query('COMMIT')
  } catch (cause) {
    await owner.query('ROLLBACK')
    throw new Error(`The migration ${name} failed and was rolled back: ${(cause as Error).message}`, { cause })
  }
}

async function grantToApp(owner: pg.Client, app: URL): Promise<void> {
  const name = decodeURIComponent(app.username)
  const role = pg.escapeIdentifier(name)
  const { rows } = await owner.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name])
  if (rows.length === 0) {
    await owner.query(
      `CREATE ROLE ${role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD ${pg.escapeLiteral(decodeURIComponent(app.password))}`,
    )
  }
  await owner.query(`GRANT USAGE ON SCHEMA public TO ${role}`)
  await owner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`)
  await owner.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role}`)
  await owner.query(`REVOKE ALL ON _prisma_migrations FROM ${role}`)
  await protectAudit(owner, role)
  // A start without the owner's rights must be able to see whether a migration is missing.
  await owner.query(`GRANT SELECT ON _prisma_migrations TO ${role}`)
}

/** The application adds to the audit table and reads it. Old months go through one function. */
async function protectAudit(owner: pg.Client, role: string): Promise<void> {
  const { rows } = await owner.query(
    "SELECT to_regprocedure('public.drop_audit_month(integer)') IS NOT NULL AS present",
  )
  if (!rows[0]?.present) return
  await owner.query(`REVOKE UPDATE, DELETE ON audit_events FROM ${role}`)
  await owner.query(`GRANT EXECUTE ON FUNCTION drop_audit_month(integer) TO ${role}`)
}

/** Throws an Error with a sentence if the role of `appUrl` could bypass row-level security. */
export function requireHarmlessRole(appUrl: string): Promise<void> {
  return connected(appUrl, (app) => requireHarmless(async (sql) => (await app.query(sql)).rows))
}

/**
 * Throws an Error that names the first missing migration in the database of `appUrl`: for a start
 * without the owner's rights.
 */
export function requireMigrated(appUrl: string, folder = FOLDER): Promise<void> {
  return connected(appUrl, async (app) => {
    const todo =
      'Run `npm run migrate` with DATABASE_DIRECT_URL set to the owner of the tables, or set it for this start as well.'
    const { rows } = await app.query(
      "SELECT has_table_privilege(to_regclass('public._prisma_migrations'), 'SELECT') AS readable",
    )
    if (!rows[0]?.readable) throw new Error(`The database has not been migrated yet. ${todo}`)
    const applied = await appliedMigrations(app)
    const missing = (await listMigrations(folder)).find((name) => !applied.has(name))
    if (missing) throw new Error(`The database lacks the migration ${missing}. ${todo}`)
  })
}

async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS })
  // Without a listener, an idle connection that breaks would end the process. The next query
  // reports the failure.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (cause) {
    await client.end().catch(() => {})
    const { host, username } = new URL(url)
    throw new Error(
      `The database at ${host} cannot be opened as "${decodeURIComponent(username)}": ${reason(cause)}.`,
      { cause },
    )
  }
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

// A refused connection to a name with several addresses is an AggregateError without a message.
function reason(cause: unknown): string {
  const { message, code } = cause as { message?: string; code?: string }
  return message || code || 'no answer'
}
