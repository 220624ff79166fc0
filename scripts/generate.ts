// npm run generate: generates the database client in lib/generated/prisma from
// prisma/schema.prisma, if the schema, Prisma or this program has changed since the last time.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { waitForLock } from '#scripts/postgres/folder-lock.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const GENERATED = path.join(ROOT, 'lib/generated')
const STAMP = path.join(GENERATED, 'prisma.sha256')
const SOURCES = [
  'prisma/schema.prisma',
  'prisma.config.ts',
  'scripts/generate.ts',
  'node_modules/prisma/package.json',
  'node_modules/@prisma/client/package.json',
]
const WAIT_MS = 120_000

await mkdir(GENERATED, { recursive: true })
// Prisma empties the folder first, so a second run at the same time would find it half empty.
const unlock = await waitForLock(path.join(GENERATED, 'generate.lock'), WAIT_MS)
try {
  const hash = await hashSources()
  if (!(await isGeneratedFrom(hash))) process.exitCode = await generate(hash)
} finally {
  await unlock()
}

async function isGeneratedFrom(hash: string): Promise<boolean> {
  if (!existsSync(path.join(GENERATED, 'prisma/client.ts'))) return false
  return (await readFile(STAMP, 'utf8').catch(() => '')) === hash
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256')
  for (const file of SOURCES) hash.update(`${file}\0`).update(await readFile(path.join(ROOT, file)))
  return hash.digest('hex')
}

/** Resolves to the exit code. A run that is killed leaves no stamp, so the next one starts over. */
async function generate(hash: string): Promise<number> {
  await rm(STAMP, { force: true })
  const { status, stdout, stderr } = spawnSync(process.execPath, ['node_modules/prisma/build/index.js', 'generate'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: {
      ...process.env,
      // Prisma downloads a schema engine if none is set here. Generating does not run it.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  })
  if (status === 0) await writeFile(STAMP, hash)
  else console.error(`${stdout}${stderr}`)
  return status ?? 1
}
