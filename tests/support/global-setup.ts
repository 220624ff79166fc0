import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { migrate } from '#scripts/migrate.ts'

const TEMPLATE = 'switchboard_template'

/** One migrated template database for the whole run; each test file copies it (tests/support/database.ts). */
export default async function setup(project: TestProject) {
  const admin = process.env.TEST_DATABASE_URL ?? ''
  const client = new pg.Client({ connectionString: admin })
  await client.connect()
  const suffix = randomBytes(4).toString('hex')
  const template = `${TEMPLATE}_${suffix}`
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
  return async () => {
    await client.query(`DROP DATABASE ${template} WITH (FORCE)`)
    await client.end()
  }
}

declare module 'vitest' {
  interface ProvidedContext {
    adminUrl: string
    template: string
  }
}
