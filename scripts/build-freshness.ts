import { createHash } from 'node:crypto'
import { existsSync, globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** The project's folder. */
export const ROOT = path.resolve(import.meta.dirname, '..')
/** Where Next builds: NEXT_DIST_DIR, else `.next`. */
export const DIST = path.join(ROOT, process.env.NEXT_DIST_DIR || '.next')
/** The folder that holds everything that a start needs. */
export const STANDALONE = path.join(DIST, 'standalone')

const STAMP = path.join(DIST, 'sources.sha256')
const SOURCES = [
  '{app,lib,mcp,public}/**/*.*',
  'prisma/**/*.{prisma,sql}',
  '*.{ts,mjs}',
  '{package,package-lock,tsconfig}.json',
  'scripts/{build,build-element,build-freshness,generate,start,migrate,commands/*,local/*,postgres/*}.ts',
]
const MADE_BY_BUILDS = /^(lib\/generated\/|public\/chatkit|next-env\.d\.ts)/

/**
 * True if the last build was made from the current sources. Compares contents, because file times
 * mean nothing after a checkout.
 */
export async function isFresh(): Promise<boolean> {
  if (!existsSync(path.join(STANDALONE, 'server.js'))) return false
  return (await readFile(STAMP, 'utf8').catch(() => '')) === (await hashSources())
}

/**
 * Records the sources of a build. `hash` must be taken before the build, so that a change during
 * the build makes it stale.
 */
export async function stampBuild(hash: string): Promise<void> {
  await writeFile(STAMP, hash)
}

/**
 * One hash over the names and contents of a build's sources: the product's, or those of `patterns`.
 */
export async function hashSources(patterns: readonly string[] = SOURCES): Promise<string> {
  const found = patterns
    .flatMap((pattern) => globSync(pattern, { cwd: ROOT, withFileTypes: true }))
    .filter((entry) => entry.isFile())
  const files = found
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
    .filter((file) => !MADE_BY_BUILDS.test(file))
  const hash = createHash('sha256')
  for (const file of files.sort()) {
    hash.update(`${file}\0`).update(
      createHash('sha256')
        .update(await readFile(path.join(ROOT, file)))
        .digest(),
    )
  }
  return hash.digest('hex')
}
