import { execFileSync, spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { findFreePort } from '#scripts/local/port.ts'
import { migrate } from '#scripts/migrate.ts'

/** Where Debian keeps PostgreSQL's programs; undefined if this machine has none. */
const PROGRAMS = [18, 17, 16, 15]
  .map((version) => `/usr/lib/postgresql/${version}/bin`)
  .find((folder) => spawnSync(`${folder}/initdb`, ['--version']).status === 0)

/** Starts the system's PostgreSQL, so that pg_dump is of its version. Its superuser makes the owner alone. */
async function startSystemPostgres() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-backup-'))
  const port = await findFreePort()
  const isRoot = process.getuid?.() === 0
  // PostgreSQL refuses to run as root.
  const run = (program: string, ...args: string[]) =>
    execFileSync(
      ...([
        isRoot ? 'runuser' : `${PROGRAMS}/${program}`,
        isRoot ? ['-u', 'postgres', '--', `${PROGRAMS}/${program}`, ...args] : args,
        { stdio: 'ignore', cwd: '/' },
      ] as const),
    )
  if (isRoot) execFileSync('chown', ['postgres', folder])
  await chmod(folder, 0o700)
  const data = path.join(folder, 'data')
  run('initdb', '--auth=trust', '--username=postgres', '--no-sync', `--pgdata=${data}`)
  run(
    'pg_ctl',
    'start',
    '--wait',
    `--pgdata=${data}`,
    `--log=${folder}/log`,
    `--options=-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder} -c fsync=off`,
  )
  onTestFinished(async () => {
    run('pg_ctl', 'stop', '--mode=immediate', `--pgdata=${data}`)
    await rm(folder, { recursive: true, force: true })
  })
  return (role: string, database: string) => `postgresql://${role}:test@127.0.0.1:${port}/${database}`
}

async function query(url: string, ...statements: string[]) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    let rows: Record<string, unknown>[] = []
    for (const statement of statements) rows = (await client.query(statement)).rows
    return rows
  } finally {
    await client.end()
  }
}

test.runIf(PROGRAMS)('the owner backs up and restores where no role may bypass row-level security', async () => {
  const url = await startSystemPostgres()
  const root = url('postgres', 'postgres')
  await query(root, 'CREATE ROLE switchboard_owner LOGIN CREATEROLE', 'CREATE DATABASE one OWNER switchboard_owner')
  await query(root, 'CREATE DATABASE two OWNER switchboard_owner')
  const [owner, copy] = [url('switchboard_owner', 'one'), url('switchboard_owner', 'two')]
  await migrate({ ownerUrl: owner, appUrl: url('switchboard_app', 'one') })
  const system = "SET app.system = 'backup'"
  const read = [
    system,
    'SELECT (SELECT count(*)::int FROM audit_events) AS events, (SELECT count(*)::int FROM users) AS people',
  ]
  await query(
    owner,
    system,
    "INSERT INTO audit_events (id, action) SELECT 'evt_' || n, 'signed_in' FROM generate_series(1, 500) n",
    "INSERT INTO users (id, name, email) SELECT 'usr_' || n, 'Person', n || '@example.com' FROM generate_series(1, 50) n",
  )
  const env = { ...process.env, PGOPTIONS: '-c app.system=backup' }
  const dump = execFileSync(`${PROGRAMS}/pg_dump`, ['--enable-row-security', '--format=custom', `--dbname=${owner}`], {
    env,
  })
  execFileSync(`${PROGRAMS}/pg_restore`, ['--exit-on-error', `--dbname=${copy}`], {
    env,
    input: dump,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  expect(await query(copy, ...read)).toEqual([{ events: 500, people: 50 }])
  expect(await query(copy, ...read)).toEqual(await query(owner, ...read))
  const app = url('switchboard_app', 'two')
  expect(await query(app, 'SELECT id FROM users'), 'row-level security holds in the copy').toEqual([])
  await expect(query(app, system, 'DELETE FROM audit_events')).rejects.toThrow(/permission denied/)
  await migrate({ ownerUrl: copy, appUrl: app })
})
