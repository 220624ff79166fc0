// npm run conformance: the official MCP conformance suite against our endpoint, in a Next app that offers the suite's own tools.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hashSources, ROOT } from '#scripts/build-freshness.ts'

const APP = path.join(ROOT, 'tests/conformance/app')
const STAMP = path.join(APP, '.next/sources.sha256')
const NEXT = 'node_modules/next/dist/bin/next'
const SUITE = 'node_modules/@modelcontextprotocol/conformance/dist/index.js'
const READY_MS = 30_000
const SOURCES = [
  '{lib,mcp}/**/*.ts',
  'tests/conformance/{fixture,app/app}/**/*.ts',
  'tests/conformance/app/*.{ts,json}',
  'prisma/*.prisma',
  '{package,package-lock,tsconfig}.json',
]
/** The revisions, and how many scenarios each requires: fewer would mean that the suite did not run to its end. */
const REQUIRED = { '2026-07-28': 37, '2025-11-25': 30 }

const children = new Set<ChildProcess>()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    for (const child of children) child.kill('SIGTERM')
    process.exitCode = 1
  })

await buildIfStale()
const port = await freePort()
const url = `http://localhost:${port}`
const app = start([NEXT, 'start', APP, '--port', String(port), '--hostname', '127.0.0.1'], {
  APP_URL: url,
  APP_SECRET: 'a secret of the conformance run, long enough',
  // Never connected to: the suite's tools keep nothing.
  DATABASE_URL: 'postgresql://nobody:nothing@127.0.0.1:1/none',
  LOG_LEVEL: 'silent',
})
const results: Result[] = []
try {
  await becomeReady(`${url}/mcp`)
  results.push(...(await Promise.all(Object.entries(REQUIRED).map(([revision, count]) => runSuite(`${url}/mcp`, revision, count)))).flat())
} finally {
  app.child.kill('SIGTERM')
  await app.ended
}
const failed = results.filter((result) => !result.passed)
for (const { revision, scenario, detail } of failed) console.error(`${revision} ${scenario}: ${detail}`)
console.log(`${results.length - failed.length} passed, ${failed.length} failed`)
if (failed.length > 0) process.exitCode = 1

type Result = { revision: string; scenario: string; passed: boolean; detail: string }

/** The required scenarios of one revision. What is beyond the revision (extensions, later additions) runs and is not counted. */
async function runSuite(endpoint: string, revision: string, count: number): Promise<Result[]> {
  const { ended, output } = start([SUITE, 'server', '--url', endpoint, '--requirements', revision], {})
  const code = await ended
  const [scored = '', beyond = ''] = output().split(`Not scored for ${revision}`)
  const notScored = new Set([...beyond.matchAll(/^ +[✓✗] (\S+) \(/gm)].map((match) => match[1]))
  const results = [...scored.matchAll(/^([✓✗]) (\S+): (.*)$/gm)]
    .filter((match) => !notScored.has(match[2]))
    .map(([, mark, scenario = '', detail = '']) => ({ revision, scenario, passed: mark === '✓', detail }))
  const passed = results.filter((result) => result.passed).length
  console.log(`${revision}: ${passed} of ${count} required scenarios`)
  if (results.length !== count || (code !== 0 && passed === count)) {
    console.error(output())
    results.push({ revision, scenario: 'the suite itself', passed: false, detail: `ended with ${code} after ${results.length} scenarios` })
  }
  return results
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

function start(args: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'production', ...env },
  })
  children.add(child)
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
  const ended = once(child, 'close').then(([code]) => {
    children.delete(child)
    return code as number | null
  })
  return { child, ended, output: () => chunks.join('') }
}

async function becomeReady(endpoint: string): Promise<void> {
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline; await sleep(50)) {
    if (app.child.exitCode !== null) break
    const answer = await fetch(endpoint, { method: 'OPTIONS', signal: AbortSignal.timeout(5_000) }).catch(() => undefined)
    if (answer?.status === 204) return
  }
  throw new Error(`The server of the suite was not ready within ${READY_MS} ms.\n${app.output()}`)
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
