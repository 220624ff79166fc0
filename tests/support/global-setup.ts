import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat, statfs } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { migrate } from '#scripts/migrate.ts'
import { startEmbeddedPostgres } from '#scripts/postgres/embedded-postgres.ts'

const TEMPLATE = 'switchboard_template'

/**
 * One migrated template database for the whole run, in its own PostgreSQL or the one of
 * TEST_DATABASE_URL. Each test file copies it.
 */
export default async function setup(project: TestProject) {
  const postgres = await findPostgres()
  const admin = postgres.url
  const client = new pg.Client({ connectionString: admin })
  await client.connect()
  const template = `${TEMPLATE}_${randomBytes(4).toString('hex')}`
  await client.query(`DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'test_owner') THEN CREATE ROLE test_owner LOGIN CREATEROLE PASSWORD 'test'; END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'test_app') THEN CREATE ROLE test_app LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD 'test'; END IF;
  END $$`)
  await client.query(`CREATE DATABASE ${template} OWNER test_owner`)
  const url = (role: string, database: string) => {
    const at = new URL(admin)
    at.username = role
    at.password = 'test'
    at.pathname = `/${database}`
    return at.href
  }
  await migrate({ ownerUrl: url('test_owner', template), appUrl: url('test_app', template) })
  project.provide('adminUrl', admin)
  project.provide('template', template)
  const runFolder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-shared-'))
  project.provide('runFolder', runFolder)
  return async () => {
    await rm(runFolder, { recursive: true, force: true })
    await client.query(`DROP DATABASE ${template} WITH (FORCE)`)
    await client.end()
    await postgres.stop()
  }
}

async function findPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
  const given = process.env.TEST_DATABASE_URL
  if (given) return { url: given, stop: async () => {} }
  const place = await findQuickPlace()
  await removeLeftovers(place)
  const folder = await mkdtemp(path.join(place, PREFIX))
  const server = await startEmbeddedPostgres(folder, { durable: false })
  return {
    url: server.superuserUrl,
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const PREFIX = 'switchboard-tests-'
const MEMORY = '/dev/shm'
/** Room for PostgreSQL's log of changes (1 GB at most) and the databases of a few files, in bytes. */
const ENOUGH = 2 * 1024 ** 3

/**
 * Memory, if the system offers it as a folder with enough room. A copy of a database is hundreds
 * of small files, which cost a disk twenty times as much.
 */
async function findQuickPlace(): Promise<string> {
  const room = await statfs(MEMORY).catch(() => null)
  return room && room.bavail * room.bsize >= ENOUGH ? MEMORY : os.tmpdir()
}

/** Ends the servers of test runs that were killed, and frees their room. */
async function removeLeftovers(place: string): Promise<void> {
  for (const name of (await readdir(place)).filter((one) => one.startsWith(PREFIX))) {
    const folder = path.join(place, name)
    // A folder that is newer may not be locked yet by its run.
    const made = await stat(folder).catch(() => null)
    if (!made || Date.now() - made.mtimeMs < 600_000) continue
    // Fails while the run goes on, because that holds the folder's lock.
    const left = await startEmbeddedPostgres(folder, { durable: false }).catch(() => null)
    await left?.stop()
    if (left) await rm(folder, { recursive: true, force: true })
  }
}

declare module 'vitest' {
  interface ProvidedContext {
    adminUrl: string
    template: string
    /** A folder for what the test files of this run share. */
    runFolder: string
  }
}
