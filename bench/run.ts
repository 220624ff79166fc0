// npm run bench [turn|mcp|hostile|runs|connections|tools|admin|element]: what our own work costs, as ratios within
// one run. Absolute times say nothing about another machine.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '#scripts/build-freshness.ts'
import { makeFirstAccount, makePersonalToken } from '#scripts/local/first-visit.ts'
import { startEmbeddedPostgres } from '#scripts/postgres/embedded-postgres.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { benchHostile, hostileTools } from './hostile.ts'
import { benchMcp } from './mcp.ts'
import { benchStreams } from './streams.ts'
import { benchTurn } from './turn-cost.ts'

const PORT = process.env.PORT || '3211'
const INSPECT_PORT = Number(PORT) + 1
const READY_MS = 30_000
const only = process.argv[2]
// These need no build, and end the process themselves.
if (only === 'runs') await import('./run-load.ts')
if (only === 'connections') await import('./connections.ts')
if (only === 'tools') await import('./find-tools.ts')
if (only === 'admin') await import('./admin.ts')
if (only === 'element') await import('./element.ts')

const built = spawnSync(process.execPath, ['scripts/build.ts', '--if-stale'], { cwd: ROOT, stdio: 'inherit' })
if (built.status !== 0) process.exit(1)
const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-bench-'))
const database = await startEmbeddedPostgres(folder)
const model = await openAIServer()
const tools = only === 'hostile' ? await hostileTools() : undefined
const url = `http://127.0.0.1:${PORT}`
const app = spawn(process.execPath, [`--inspect=127.0.0.1:${INSPECT_PORT}`, 'scripts/start.ts'], {
  cwd: ROOT,
  stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  env: {
    NODE_ENV: 'production',
    PATH: process.env.PATH,
    PORT,
    APP_URL: url,
    APP_SECRET: database.appSecret,
    DATABASE_URL: database.appUrl,
    DATABASE_DIRECT_URL: database.ownerUrl,
    NEXT_DIST_DIR: process.env.NEXT_DIST_DIR,
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: 'bench',
    MCP_SERVER_URL: tools?.url,
    RUNS_PER_MINUTE: '10000',
    RUNS_AT_ONCE: '1000',
    CHAT_REQUESTS_PER_MINUTE: '1000000',
    STREAMS_AT_ONCE: '100000',
    MCP_REQUESTS_PER_MINUTE: '1000000',
    MCP_REQUESTS_PER_PERSON: '1000000',
    THREAD_TITLES: 'first_words',
    LOG_LEVEL: 'warn',
  },
})
const ended = once(app, 'exit')
try {
  await becomeReady(app)
  const visitor = await makeFirstAccount(url, () => '')
  const ratios: Record<string, number> = {}
  if (only === undefined || only === 'turn')
    Object.assign(
      ratios,
      await benchTurn(visitor, model),
      await benchStreams({ visitor, model, pid: app.pid ?? 0, inspectPort: INSPECT_PORT }),
    )
  if (only === undefined || only === 'mcp')
    Object.assign(ratios, await benchMcp({ url, pid: app.pid ?? 0, token: await makePersonalToken(visitor) }))
  if (only === 'hostile') {
    const token = await makePersonalToken(visitor)
    Object.assign(ratios, await benchHostile({ visitor, token, model, inspectPort: INSPECT_PORT }))
  }
  for (const [name, ratio] of Object.entries(ratios)) console.log(`${ratio.toFixed(2).padStart(8)}  ${name}`)
} finally {
  app.kill('SIGTERM')
  await ended
  await model[Symbol.asyncDispose]()
  await tools?.[Symbol.asyncDispose]()
  await database.stop()
  await rm(folder, { recursive: true, force: true })
}

async function becomeReady(server: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline; await sleep(50)) {
    if (server.exitCode !== null) throw new Error(`The server ended with exit code ${server.exitCode}.`)
    if (
      await fetch(`${url}/api/health/ready`).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      return
  }
  throw new Error(`The server did not become ready within ${READY_MS / 1000} s.`)
}
