// npm run build: everything that a start needs, in .next/standalone. With --if-stale, builds only
// if the sources changed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { cp, mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { build as bundle } from 'esbuild'
import { DIST, hashSources, isFresh, ROOT, STANDALONE, stampBuild } from '#scripts/build-freshness.ts'
import { waitForLock } from '#scripts/postgres/folder-lock.ts'

/** Packages with a native part, which Next has copied into the build's node_modules. */
const NATIVE = ['@node-rs/argon2']
const WAIT_MS = 600_000
/** The folder in DIST that Next does not clear when it builds. A lock beside it would be deleted. */
const CACHE = path.join(DIST, 'cache')
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

let stopped = false
const ifStale = process.argv.includes('--if-stale')
await mkdir(CACHE, { recursive: true })
const unlock = await waitForLock(path.join(CACHE, 'build.lock'), WAIT_MS)
try {
  if (!(ifStale && (await isFresh()))) await buildAll()
} catch (error) {
  if (!stopped) console.error((error as Error).message)
  process.exitCode = 1
} finally {
  await unlock()
}

async function buildAll(): Promise<void> {
  const hash = await hashSources()
  await step('generating the database client', ['scripts/generate.ts'])
  await step('building the chat element', ['scripts/build-element.ts'])
  await step('building the pages', ['node_modules/next/dist/bin/next', 'build'])
  await completeStandalone()
  await stampBuild(hash)
}

/**
 * Copies the static files, the start script and the migrations beside the server that Next traced.
 */
async function completeStandalone(): Promise<void> {
  const dist = path.relative(ROOT, DIST)
  for (const [from, to] of [
    ['public', 'public'],
    [`${dist}/static`, `${dist}/static`],
    ['prisma/migrations', 'prisma/migrations'],
  ] as const) {
    await rm(path.join(STANDALONE, to), { recursive: true, force: true })
    await cp(path.join(ROOT, from), path.join(STANDALONE, to), { recursive: true })
  }
  // Next also copies the builder's own .env files, which must not end up in an image.
  for (const file of globSync('.env*', { cwd: STANDALONE })) await rm(path.join(STANDALONE, file))
  await bundle({
    absWorkingDir: ROOT,
    entryPoints: { start: 'scripts/start.ts', switchboard: 'scripts/commands/switchboard.ts' },
    splitting: true,
    outdir: path.join(STANDALONE, 'scripts'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    external: ['pg-native', ...NATIVE],
    banner: {
      js: "import { createRequire as toRequire } from 'node:module'; const require = toRequire(import.meta.url);",
    },
    logLevel: 'warning',
  })
}

/** Runs one step and prints its output only if it fails. */
async function step(what: string, args: string[]): Promise<void> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
  })
  const pass = (signal: NodeJS.Signals) => {
    stopped = child.kill(signal)
  }
  for (const signal of SIGNALS) process.on(signal, pass)
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk))
  const [code] = await once(child, 'close')
  for (const signal of SIGNALS) process.off(signal, pass)
  if (code !== 0)
    throw new Error(`${Buffer.concat(output).toString().trimEnd()}\n\n${what} failed (exit code ${code}).`)
}
