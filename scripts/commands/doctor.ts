import { parseArgs } from 'node:util'
import type { Step } from '#lib/mcp-client/doctor/examination.ts'
import { examine } from '#lib/mcp-client/doctor/examine.ts'
import { type McpServer, readConfiguredServers } from '#lib/mcp-client/servers/mcp-servers.ts'
import { env } from '#lib/platform/env.ts'
import { type Command, setUnlessGiven, toTyped } from '#scripts/commands/command.ts'

const MARKS = { ok: '✓', warning: '!', failed: '✗', skipped: '-' }

/** Exits with 1 if a server has a problem. */
export const doctor: Command = {
  usage: '[https://tools.example.com/mcp] [--sse] [--call name --with \'{"a":1}\']',
  help: `Examines an MCP server from this machine, step by step, and says what to change.
Without an address it examines every server of the settings (MCP_SERVER_URL, MCP_SERVERS_FILE). --call calls a tool.`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      options: { call: { type: 'string' }, with: { type: 'string' }, sse: { type: 'boolean' } },
      allowPositionals: true,
    })
    const call = values.call
      ? { tool: values.call, args: JSON.parse(values.with ?? '{}') as Record<string, unknown> }
      : undefined
    const servers = positionals.length > 0 ? positionals.map((url) => named(url, values.sse ?? false)) : fromSettings()
    for (const server of servers) {
      console.log(`\n${server.name === server.url ? '' : `${server.name}: `}${server.url}`)
      const { healthy, spoken } = await examine(server, { call, onStep: print })
      console.log(
        healthy
          ? `Healthy${spoken ? `: revision ${spoken.revision}, ${spoken.tools.length} ${spoken.tools.length === 1 ? 'tool' : 'tools'}` : ''}.`
          : 'Problems found: see above.',
      )
      if (!healthy) process.exitCode = 1
    }
  },
}

function print({ name, outcome, ms, said, fault, fix }: Step): void {
  console.log(`${MARKS[outcome]} ${name.padEnd(20)} ${`${ms} ms`.padStart(8)}  ${said}${fault ? ` [${fault}]` : ''}`)
  if (fix) console.log(`${' '.repeat(32)}→ ${fix}`)
}

function named(url: string, sse: boolean): McpServer {
  const config = {
    transport: 'sse' as const,
    identity: { kind: 'none' as const },
    headers: [],
    meta: [],
    bound: [],
    allow: [],
    deny: [],
    pinned: false,
    trusted: false,
  }
  return { name: url, url, builtin: false, ...(sse && { config }) }
}

function fromSettings(): McpServer[] {
  // Examining a server needs neither the database nor sign-in, so placeholders are enough.
  setUnlessGiven('APP_URL', 'http://127.0.0.1:3000')
  setUnlessGiven('APP_SECRET', 'servers are examined without this secret')
  setUnlessGiven('DATABASE_URL', 'postgresql://nobody@127.0.0.1/none')
  const servers = readConfiguredServers().filter(({ builtin }) => !builtin)
  if (servers.length > 0) return servers
  throw new Error(`Name the address of a server. For example: ${toTyped('doctor')} ${env().APP_URL}/mcp`)
}
