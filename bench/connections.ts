// npm run bench connections [turns]: what a tool call costs compared with asking its server
// directly, what a server that never answers costs a turn, and how much memory remains after many
// turns. Needs no build: the agent runs in this process, and its servers beside it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import v8 from 'node:v8'
import vm from 'node:vm'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { migrate } from '#scripts/migrate.ts'
import { startEmbeddedPostgres } from '#scripts/postgres/embedded-postgres.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { measure } from './measure.ts'

const TURNS = Number(process.argv[3] ?? 1_000)
const SERVERS = 5
const ROUNDS = 40

const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-bench-'))
const serversFile = path.join(folder, 'servers.json')
const database = await startEmbeddedPostgres(folder)
const model = await openAIServer()
Object.assign(process.env, {
  APP_URL: 'http://127.0.0.1:3999',
  APP_SECRET: database.appSecret,
  DATABASE_URL: database.appUrl,
  OPENAI_BASE_URL: model.url,
  OPENAI_API: 'responses',
  OPENAI_API_KEY: 'bench',
  MCP_BUILTIN: 'off',
  MCP_SERVERS_FILE: serversFile,
  LOG_LEVEL: 'silent',
  // One person has all the runs of this program.
  RUNS_AT_ONCE: '10000',
  RUNS_PER_MINUTE: '10000',
})
await writeFile(serversFile, '{"servers":[]}')
await migrate({ ownerUrl: database.ownerUrl, appUrl: database.appUrl })
// Imported late, because these modules read the settings above.
const { closeDb, withSystem } = await import('#lib/platform/db/db.ts')
const { newId } = await import('#lib/platform/ids.ts')
const { openMcp } = await import('#lib/mcp-client/connection/open-mcp.ts')
const { blackHole } = await import('#tests/support/tool-servers/fault-server.ts')
const { mcpServer } = await import('#tests/support/tool-servers/mcp-server.ts')
const { processStates } = await import('#tests/support/process-states.ts')
const { callingRun, toolServer } = await import('#tests/support/tool-servers/tool-servers.ts')
const { conversation } = await import('#tests/support/conversation.ts')

const caller = { userId: newId('usr'), role: 'member', via: 'session', sessionVersion: 1 } as const
const servers = await Promise.all(
  Array.from({ length: SERVERS }, (_, n) =>
    mcpServer([{ name: `echo_${n}`, run: (args) => args, annotations: { readOnlyHint: true } }]),
  ),
)
try {
  await withSystem('sign-in', (tx) =>
    tx.user.create({ data: { id: caller.userId, email: 'bench@example.com', name: 'Bench' } }),
  )
  await calls()
  await silence()
  await turns()
} finally {
  for (const server of servers) await server[Symbol.asyncDispose]()
  await closeDb()
  await model[Symbol.asyncDispose]()
  await database.stop()
  await rm(folder, { recursive: true, force: true })
}
process.exit()

function say(value: number, unit: string, what: string): void {
  console.log(`${value.toFixed(2).padStart(10)} ${unit.padEnd(6)} ${what}`)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

/**
 * One call on an established connection, with identity, deadlines and two writes to the ledger,
 * compared with the SDK's client alone.
 */
async function calls(): Promise<void> {
  const url = servers[0]?.url ?? ''
  const direct = new Client({ name: 'bench', version: '1' }, { versionNegotiation: { mode: 'auto' } })
  await direct.connect(new StreamableHTTPClientTransport(new URL(url)))
  const mcp = await openMcp(await callingRun(caller), {
    servers: [toolServer(url, { headers: [{ name: 'X-User-Id', value: '{{user.id}}' }] })],
  })
  const [ours, own] = await measure(ROUNDS, [
    () => timed(async () => mcp.connections[0]?.callToolResult('echo_0', { a: 1 })),
    () => timed(() => direct.callTool({ name: 'echo_0', arguments: { a: 1 } })),
  ])
  await Promise.all([mcp.close(), direct.close()])
  say(ours / own, '', 'a tool call / the same call by the SDK’s client alone')
  say(ours - own, 'ms', 'added to a tool call')
}

/**
 * The time to a turn's first token, if a server accepts connections and never answers, and nothing
 * is known about it.
 */
async function silence(): Promise<void> {
  await using hole = await blackHole()
  const firstToken = async (more: { name: string; url: string }[]) => {
    await configure([{ name: 'alive', url: servers[0]?.url ?? '' }, ...more])
    // Forgets the server's health, as in a process that has just started and probed every server.
    ;(processStates().get('server health') as Map<string, unknown> | undefined)?.delete(hole.url)
    model.script({ text: ['One', ' two'] })
    const began = performance.now()
    let first = Number.NaN
    await (await conversation(caller)).say('Count.', {
      onEvent: (event) => {
        if (Number.isNaN(first) && JSON.stringify(event).includes('text_delta')) first = performance.now() - began
      },
    })
    return first
  }
  const [silent, without] = await measure(ROUNDS / 2, [
    () => firstToken([{ name: 'hole', url: hole.url }]),
    () => firstToken([]),
  ])
  say(silent - without, 'ms', 'later comes the first token with a server that never answers (300 at most)')
}

/**
 * Turns with five servers and one tool call on each. Compares the heap after a tenth of them with
 * the heap at the end, after garbage collection.
 */
async function turns(): Promise<void> {
  await configure(servers.map(({ url }, n) => ({ name: `server_${n}`, url })))
  const gc = collector()
  let early = 0
  for (let turn = 1; turn <= TURNS; turn += 1) {
    model.script({ calls: [{ name: `echo_${turn % SERVERS}`, arguments: { turn } }] }, { text: 'Done.' })
    const { error, text } = await (await conversation(caller)).say('Echo.')
    if (error || text !== 'Done.') throw error ?? new Error(`turn ${turn} said ${text}`)
    // This program's own memory must not count as the product's.
    model.requests.length = 0
    for (const server of servers) server.requests.length = server.calls.length = 0
    if (turn === Math.ceil(TURNS / 10)) early = await gc()
  }
  const late = await gc()
  say(early, 'MB', `of heap after ${Math.ceil(TURNS / 10)} turns with ${SERVERS} servers`)
  say(late, 'MB', `after ${TURNS}`)
  say(late / early, '', 'memory late / early')
}

async function configure(list: { name: string; url: string }[]): Promise<void> {
  await writeFile(serversFile, JSON.stringify({ servers: list }))
  // The file is read again if its time changes, which two writes within a millisecond would hide.
  processStates().delete('servers file')
}

/** Measures the heap (MB) after a full garbage collection. */
function collector(): () => Promise<number> {
  v8.setFlagsFromString('--expose-gc')
  const gc = vm.runInNewContext('gc') as () => void
  return async () => {
    for (let round = 0; round < 3; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      gc()
    }
    return process.memoryUsage().heapUsed / 1024 / 1024
  }
}
