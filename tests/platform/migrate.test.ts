import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { migrate, requireHarmlessRole, requireMigrated } from '#scripts/migrate.ts'

let folder: string
let database: string
let urls: { ownerUrl: string; appUrl: string }

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-migrations-'))
  database = `test_${path.basename(folder).replace(/\W/g, '').toLowerCase()}`
  await query(inject('adminUrl'), `CREATE DATABASE ${database} OWNER test_owner`)
  urls = { ownerUrl: urlOf('test_owner'), appUrl: urlOf('test_app') }
})
afterEach(async () => {
  await query(inject('adminUrl'), `DROP DATABASE ${database} WITH (FORCE)`)
  await rm(folder, { recursive: true })
})

function urlOf(role: string, password = 'test'): string {
  const url = new URL(inject('adminUrl'))
  url.username = role
  url.password = password
  url.pathname = `/${database}`
  return url.href
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

async function migration(name: string, sql: string): Promise<void> {
  await mkdir(path.join(folder, name), { recursive: true })
  await writeFile(path.join(folder, name, 'migration.sql'), sql)
}

test('concurrent starts apply each migration once', async () => {
  await migration('1_slow', 'CREATE TABLE slow (n int); SELECT pg_sleep(0.3)')
  await migration('2_next', 'INSERT INTO slow VALUES (1)')
  const said: string[] = []
  const one = () => migrate({ ...urls, folder, say: (line) => said.push(line) })
  await Promise.all([one(), one(), one()])
  expect(said).toEqual(['applied migration 1_slow', 'applied migration 2_next'])
  expect(await query(urls.appUrl, 'SELECT count(*)::int AS n FROM slow')).toEqual([{ n: 1 }])
})

test('a failing migration is named and rolled back, and applies once it is fixed', async () => {
  await migration('1_good', 'CREATE TABLE good (n int)')
  await migration('2_bad', 'CREATE TABLE half (n int); SELECT 1 / 0')
  await expect(migrate({ ...urls, folder })).rejects.toThrow(
    'The migration 2_bad failed and was rolled back: division by zero',
  )
  expect(
    await query(urls.ownerUrl, "SELECT to_regclass('good')::text AS good, to_regclass('half')::text AS half"),
  ).toEqual([{ good: 'good', half: null }])
  await migration('2_bad', 'CREATE TABLE half (n int)')
  await migrate({ ...urls, folder })
  await requireMigrated(urls.appUrl, folder)
})

test('a migration that was changed after it was applied stops the start', async () => {
  await migration('1_first', 'CREATE TABLE first (n int)')
  await migrate({ ...urls, folder })
  await migration('1_first', 'CREATE TABLE first (n bigint)')
  await expect(migrate({ ...urls, folder })).rejects.toThrow(
    /The migration 1_first was changed after this database applied it/,
  )
})

test('a start without the owner role reports what is missing', async () => {
  await migration('1_first', 'CREATE TABLE first (n int)')
  await expect(requireMigrated(urls.appUrl, folder)).rejects.toThrow(/has not been migrated yet. Run `npm run migrate`/)
  await migrate({ ...urls, folder })
  await migration('2_second', 'CREATE TABLE second (n int)')
  await expect(requireMigrated(urls.appUrl, folder)).rejects.toThrow(/lacks the migration 2_second/)
  await expect(query(urls.appUrl, 'DELETE FROM _prisma_migrations')).rejects.toThrow(/permission denied/)
})

test('a role that could bypass row-level security is refused', async () => {
  await expect(requireHarmlessRole(inject('adminUrl'))).rejects.toThrow(/which is a superuser or has BYPASSRLS/)
  await migration('1_first', 'CREATE TABLE first (n int); ALTER TABLE first ENABLE ROW LEVEL SECURITY')
  await expect(migrate({ ...urls, appUrl: urls.ownerUrl, folder })).rejects.toThrow(
    /"test_owner", which owns the tables/,
  )
})

test('an unreachable database is named without its password', async () => {
  const closed = 'postgresql://somebody:secret@127.0.0.1:1/nothing'
  const failed = await migrate({ ownerUrl: closed, appUrl: closed, folder }).catch((error: Error) => error.message)
  expect(failed).toBe('The database at 127.0.0.1:1 cannot be opened as "somebody": connect ECONNREFUSED 127.0.0.1:1.')
})
