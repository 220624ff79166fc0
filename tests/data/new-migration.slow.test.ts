import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

// npm run migration -- <name>, in a copy of what it reads and writes.

const ROOT = path.resolve(import.meta.dirname, '../..')
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-new-migration-'))
  for (const part of ['package.json', 'prisma', 'scripts', 'lib'])
    await cp(path.join(ROOT, part), path.join(folder, part), { recursive: true })
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function run(...args: string[]): Promise<{ code: number; printed: string }> {
  const child = spawn(process.execPath, ['scripts/new-migration.ts', ...args], { cwd: folder })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      printed += chunk
    })
  const [code] = await once(child, 'close')
  return { code, printed }
}

test('npm run migration writes what the schema says more, once, under a name of small letters', {
  timeout: 180_000,
}, async () => {
  const migrations = () => readdir(path.join(folder, 'prisma/migrations'))
  const before = await migrations()
  expect(await run('Add Notes')).toEqual({
    code: 1,
    printed: expect.stringMatching(/^Give the migration a name of small/),
  })
  expect(await migrations()).toEqual(before)

  const schema = path.join(folder, 'prisma/schema.prisma')
  await writeFile(
    schema,
    `${await readFile(schema, 'utf8')}\nmodel Addition {\n  id String @id\n\n  @@map("additions")\n}\n`,
  )
  const wrote = await run('add_additions')
  expect(wrote).toEqual({
    code: 0,
    printed: expect.stringMatching(/^Wrote prisma\/migrations\/\d{14}_add_additions\/migration\.sql\. Read it/),
  })
  const added = (await migrations()).filter((name) => !before.includes(name))
  expect(added).toEqual([expect.stringMatching(/^\d{14}_add_additions$/)])
  const sql = await readFile(path.join(folder, 'prisma/migrations', added[0] ?? '', 'migration.sql'), 'utf8')
  expect(sql).toContain('CREATE TABLE "additions"')
  expect(sql).not.toContain('DROP')
  expect((await migrations()).toSorted().at(-2), 'it is the last to be applied').toBe(added[0])

  expect(await run('add_additions')).toEqual({ code: 1, printed: expect.stringMatching(/nothing to write/) })
})
