// npm run bench tools: 1,000 tools of 20 servers, beside our own. How many of 60 requests of people
// find the right tool among the first five, and what part of all definitions a model has to read.
// Fails below the limits.
import { type FunctionTool, RunContext, tool } from '@openai/agents'
import { estimateTokens } from '#lib/agent/input/estimate-tokens.ts'
import { type Origin, offerTools } from '#lib/agent/tools/search/offer-tools.ts'
import type { HiddenContextItem } from '#lib/chatkit/protocol/items.ts'
import { assignToolNames } from '#lib/mcp-client/tools/tool-names.ts'
import { toolset } from '#mcp/toolset.ts'
import { type ListedTool, readRequests, readServers } from './tools/read-servers.ts'

const HITS_MIN = 54
const SHARE_MAX = 0.15
const SEEN_AT_ONCE = 40

// Only the log reads settings here, and it has to be silent.
Object.assign(process.env, {
  ...{ APP_URL: 'http://127.0.0.1:3999', DATABASE_URL: 'postgresql://127.0.0.1/none', LOG_LEVEL: 'silent' },
  APP_SECRET: 'of no use, because a ranking stores nothing',
})

type Known = Origin & { tool: FunctionTool<unknown>; key: string }
const known = listKnown()
const tools = [...known.values()].map((entry) => entry.tool)
const asked = readRequests()
const all = definitionTokens(tools)
let hits = 0
let most = 0
const times: number[] = []
for (const { text, right } of asked) {
  const offer = offerTools(tools, {
    ...{ max: SEEN_AT_ONCE, needed: [], said: text, items: usedLately() },
    findOrigin: (name) => known.get(name),
  })
  const { view, hidden } = offer
  const finder = offer.tools.find(({ name }) => name === view?.findTools)
  if (!view || !hidden || !finder) throw new Error('All tools are shown, so there is nothing to find.')
  const began = performance.now()
  const answer = String(await finder.invoke(new RunContext(), JSON.stringify({ query: text })))
  times.push(performance.now() - began)
  const shown = definitionTokens(offer.tools.filter(({ name }) => view.shown.has(name)))
  most = Math.max(most, shown + estimateTokens(hidden) + estimateTokens(answer))
  const keys = (JSON.parse(answer) as { found: string[] }).found.map((name) => known.get(name)?.key ?? name)
  if (keys.some((key) => right.includes(key))) hits += 1
  else console.log(`not found: ${text}\n           ${keys.join(', ')}`)
}
const share = most / all
const middle = times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0
console.log(
  `${String(hits).padStart(8)}  of ${asked.length} requests have the right tool among the first five (at least ${HITS_MIN})`,
)
console.log(
  `${(share * 100).toFixed(1).padStart(7)}%  of the tokens of all ${tools.length} tools are read at most (at most ${SHARE_MAX * 100}%)`,
)
console.log(`${middle.toFixed(0).padStart(8)}  ms to index them and find`)
process.exit(hits >= HITS_MIN && share <= SHARE_MAX ? 0 : 1)

/** Our own tools and those of the 20 servers, under the names that a model sees. */
function listKnown(): Map<string, Known> {
  const own = toolset.map(({ listing }) => ({ ...listing, description: listing.description ?? '' }) as ListedTool)
  const servers = [...new Map([['switchboard', own], ...readServers()])].map(([server, tools]) => ({ server, tools }))
  const names = assignToolNames(servers)
  const entries = servers.flatMap(({ server, tools: listed }, index) =>
    listed.map((entry): [string, Known] => {
      const name = names[index]?.get(entry.name) ?? entry.name
      const isBuiltin = server === 'switchboard'
      return [name, { server, isBuiltin, tool: toFunctionTool({ ...entry, name }), key: `${server}/${entry.name}` }]
    }),
  )
  return new Map(entries)
}

function toFunctionTool({
  name,
  description,
  inputSchema,
}: {
  name: string
  description: string
  inputSchema: object
}) {
  const parameters = { ...inputSchema, additionalProperties: true } as FunctionTool['parameters']
  return tool({ name, description, parameters, strict: false, execute: () => '' } as Parameters<
    typeof tool
  >[0]) as FunctionTool<unknown>
}

/** A thread that used more tools than have room, one of each server after the other. */
function usedLately(): HiddenContextItem[] {
  const foreign = [...known.keys()].filter((name) => known.get(name)?.isBuiltin === false)
  return foreign
    .filter((_, place) => place % 20 === 0)
    .map((name, place) => ({
      ...{ id: `h${place}`, thread_id: 't', created_at: '', type: 'hidden_context_item' },
      content: { kind: 'tool_call', call_id: `c${place}`, name, arguments: '{}', output: '' },
    }))
}

function definitionTokens(counted: FunctionTool<unknown>[]): number {
  const definitions = counted.map(({ name, description, parameters }) => ({
    type: 'function',
    name,
    description,
    parameters,
  }))
  return estimateTokens(definitions)
}
