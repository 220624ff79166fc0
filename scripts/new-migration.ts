// npm run migration -- <name>: writes the SQL that brings the existing migrations up to
// prisma/schema.prisma, for review.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { migrate } from '#scripts/migrate.ts'
import { startEmbeddedPostgres } from '#scripts/postgres/embedded-postgres.ts'
import { diffSchema } from '#scripts/schema-diff.ts'

const name = process.argv[2] ?? ''
try {
  if (!/^[a-z][a-z0-9_]*$/.test(name))
    throw new Error('Give the migration a name of small letters: npm run migration -- add_task_notes')
  const sql = await diffFromMigrations()
  if (!sql) throw new Error('The migrations say what the schema says already: nothing to write.')
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  const file = path.join('prisma/migrations', `${stamp}_${name}`, 'migration.sql')
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, `${sql}\n`)
  console.log(`Wrote ${file}. Read it, and add row-level security for every new table that holds a person's data.`)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}

async function diffFromMigrations(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-migration-'))
  const server = await startEmbeddedPostgres(folder, { durable: false })
  try {
    await migrate({ ownerUrl: server.ownerUrl, appUrl: server.appUrl })
    return await diffSchema(server.ownerUrl)
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
