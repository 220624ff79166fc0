import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hashSources, ROOT } from '#scripts/build-freshness.ts'
import { findFreePort } from '#scripts/local/port.ts'

const APP = path.join(ROOT, 'tests/conformance/app')
const STAMP = path.join(APP, '.next/sources.sha256')
const NEXT = 'node_modules/next/dist/bin/next'
const READY_MS = 30_000
const SOURCES = [
  '{lib,mcp}/**/*.ts',
  'tests/conformance/{fixture,app/app}/**/*.ts',
  'tests/conformance/app/*.{ts,json}',
  'prisma/*.prisma',
  '{package,package-lock,tsconfig}.json',
]

const children = new Set<ChildProcess>()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    for (const child of children) child.kill('SIGTERM')
    process.exitCode = 1
  })

/**
 * Starts the Next app that serves the conformance suite's tools through our endpoint, and builds it
 * if its sources changed. `/bare` is a route that does nothing, `/trivial` an endpoint that does
 * nothing.
 */
export async function startConformanceApp(): Promise<{ url: string; pid: number; stop: () => Promise<void> }> {
  await buildIfStale()
  const port = await findFreePort()
  const url = `http://localhost:${port}`
  const { child, ended, output } = start([NEXT, 'start', APP, '--port', String(port), '--hostname', '127.0.0.1'], {
    APP_URL: url,
    APP_SECRET: 'a secret of the conformance run, long enough',
    // Never connected to: the suite's tools store nothing.
    DATABASE_URL: 'postgresql://nobody:nothing@127.0.0.1:1/none',
    LOG_LEVEL: 'silent',
  })
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
  }
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline && child.exitCode === null; await sleep(50)) {
    const answer = await fetch(`${url}/mcp`, { method: 'OPTIONS', signal: AbortSignal.timeout(5_000) }).catch(
      () => undefined,
    )
    if (answer?.status === 204) return { url, pid: child.pid ?? 0, stop }
  }
  await stop()
  throw new Error(`The server of the conformance suite was not ready within ${READY_MS} ms.\n${output()}`)
}

async function buildIfStale(): Promise<void> {
  const hash = await hashSources(SOURCES)
  if ((await readFile(STAMP, 'utf8').catch(() => '')) === hash) return
  for (const args of [['scripts/generate.ts'], [NEXT, 'build', APP]]) {
    const { ended, output } = start(args, { NEXT_TELEMETRY_DISABLED: '1' })
    if ((await ended) !== 0) throw new Error(output())
  }
  await writeFile(STAMP, hash)
}

/**
 * Starts a child process that ends with this one. Its output is held back. `ended` resolves with
 * the exit code.
 */
export function start(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'production', ...env },
  })
  children.add(child)
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
  const ended = once(child, 'close').then(([code]) => {
    children.delete(child)
    return code as number | null
  })
  return { child, ended, output: () => chunks.join('') }
}
