import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

const FOLDER = path.join(import.meta.dirname, '../prisma/migrations')
// Any constant will do, as long as every replica that starts takes the same lock.
const LOCK = 7_270_736_911
const LOCK_WAIT_MS = 120_000

type Options = {
  /** The owner of the tables: DATABASE_DIRECT_URL. */
  ownerUrl: string
  /** The application's own role, which must not be able to bypass row-level security: DATABASE_URL. */
  appUrl: string
  folder?: string
  say?: (line: string) => void
}

/**
 * Applies the migrations that are not applied yet, each in a transaction, under an advisory lock that replicas share;
 * keeps Prisma's own table, so that `prisma migrate status` agrees. Then makes sure of the application's role and its
 * rights. Throws an Error with one sentence that names the migration or the role.
 */
export async function migrate({ ownerUrl, appUrl, folder = FOLDER, say = () => {} }: Options): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl, connectionTimeoutMillis: 10_000 })
  await owner.connect()
  try {
    await owner.query(`SET lock_timeout = ${LOCK_WAIT_MS}`)
    await owner.query('SELECT pg_advisory_lock($1)', [LOCK])
    await applyAll(owner, folder, say)
    await grantToApp(owner, new URL(appUrl))
  } finally {
    await owner.end()
  }
  await requireHarmlessRole(appUrl)
}

async function applyAll(owner: pg.Client, folder: string, say: (line: string) => void): Promise<void> {
  await owner.query(`CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL,
    logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`)
  const { rows } = await owner.query(
    'SELECT migration_name, checksum FROM _prisma_migrations WHERE rolled_back_at IS NULL AND finished_at IS NOT NULL',
  )
  const applied = new Map<string, string>(rows.map((row) => [row.migration_name, row.checksum]))
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  for (const name of names.sort()) {
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
}

/** Throws an Error with a sentence when the role of `appUrl` could look past row-level security. */
export async function requireHarmlessRole(appUrl: string): Promise<void> {
  const app = new pg.Client({ connectionString: appUrl, connectionTimeoutMillis: 10_000 })
  await app.connect()
  try {
    const { rows } = await app.query(`
      SELECT current_user AS name, r.rolsuper OR r.rolbypassrls AS bypass,
        EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity AND pg_has_role(current_user, c.relowner, 'MEMBER')) AS owns
      FROM pg_roles r WHERE r.rolname = current_user`)
    const { name, bypass, owns } = rows[0]
    const why = bypass ? 'is a superuser or has BYPASSRLS' : owns ? 'owns the tables' : undefined
    if (why) {
      throw new Error(
        `DATABASE_URL signs in as "${name}", which ${why} and so could read every person's data past row-level security. ` +
          'Use a plain role there, and give the owner in DATABASE_DIRECT_URL, which makes that role if it does not exist.',
      )
    }
  } finally {
    await app.end()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { DATABASE_URL, DATABASE_DIRECT_URL } = process.env
  try {
    if (!DATABASE_URL || !DATABASE_DIRECT_URL) {
      throw new Error(
        'DATABASE_URL (the role of the application) and DATABASE_DIRECT_URL (the owner of the tables) must both be set to migrate.',
      )
    }
    await migrate({ ownerUrl: DATABASE_DIRECT_URL, appUrl: DATABASE_URL, say: console.log })
  } catch (error) {
    console.error((error as Error).message)
    process.exit(1)
  }
}
