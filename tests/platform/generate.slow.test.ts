import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '../..')
const CLIENT = 'lib/generated/prisma/client.ts'
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-generate-'))
  for (const part of ['package.json', 'prisma.config.ts', 'prisma/schema.prisma', 'scripts'])
    await cp(path.join(ROOT, part), path.join(folder, part), { recursive: true })
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function generate(): Promise<{ code: number; printed: string }> {
  const child = spawn(process.execPath, ['scripts/generate.ts'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      printed += chunk
    })
  const [code] = await once(child, 'close')
  return { code, printed }
}

const age = async () => (await stat(path.join(folder, CLIENT), { bigint: true })).mtimeNs

test('three concurrent runs succeed, and an unchanged schema is not generated again', async () => {
  const quiet = { code: 0, printed: '' }
  expect(await Promise.all([generate(), generate(), generate()])).toEqual([quiet, quiet, quiet])
  const before = await age()
  expect(await generate()).toEqual(quiet)
  expect(await age()).toBe(before)
})

test('a changed schema is generated, and a broken one fails at every try', async () => {
  const schema = path.join(folder, 'prisma/schema.prisma')
  const text = await readFile(schema, 'utf8')
  await writeFile(schema, `${text}\nmodel Addition {\n  id String @id\n`)
  for (let tries = 0; tries < 2; tries += 1) expect((await generate()).code).toBe(1)
  await writeFile(schema, `${text}\nmodel Addition {\n  id String @id\n}\n`)
  expect(await generate()).toEqual({ code: 0, printed: '' })
  expect(await readFile(path.join(folder, CLIENT), 'utf8')).toContain('Addition')
})
