// npm run bench tools: 1,000 tools of 20 servers, beside our own. How many of 60 requests of people
// find the right tool among the first five, and what part of all definitions a model has to read.
// Fails below the limits.
import { type FunctionTool, RunContext, tool } from '@openai/agents'
import { estimateTokens } from '#lib/agent/models/estimate-tokens.ts'
import { type Origin, offerTools } from '#lib/agent/tools/search/offer-tools.ts'
import type { HiddenContextItem } from '#lib/chatkit/protocol/items.ts'
import { assignToolNames } from '#lib/mcp-client/tools/tool-names.ts'
import { toolset } from '#mcp/toolset.ts'
import { type AskedRequest, type ListedTool, readRequests, readServers } from './tools/read-servers.ts'

const HITS_MIN = 54
const SHARE_MAX = 15
const SEEN_AT_ONCE = 40

type Known = Origin & { tool: FunctionTool<unknown>; key: string }
const known = listKnown()
const tools = [...known.values()].map((entry) => entry.tool)
const all = definitionTokens(tools)
let most = 0
const times: number[] = []
const asked = readRequests('requests.txt')
const hits = await countHits(asked)
const later = readRequests('later-requests.txt')
const laterHits = await countHits(later)
const middle = times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0
const share = (most / all) * 100
tell(hits, `of ${asked.length} requests have the right tool among the first five (at least ${HITS_MIN})`)
tell(laterHits, `of ${later.length} requests that were written after the ranking`)
tell(`${share.toFixed(1)}%`, `of the tokens of all ${tools.length} tools are read at most (at most ${SHARE_MAX}%)`)
tell(middle.toFixed(0), 'ms to index them and find')
process.exit(hits >= HITS_MIN && share <= SHARE_MAX ? 0 : 1)

/** How many requests find a right tool. Those that do not are printed. */
async function countHits(requests: AskedRequest[]): Promise<number> {
  let found = 0
  for (const { text, right } of requests) {
    const keys = await find(text)
    if (keys.some((key) => right.includes(key))) found += 1
    else console.log(`not found: ${text}\n           ${keys.join(', ')}`)
  }
  return found
}

/** What the model finds if it searches with this text, in a thread that used many tools. */
async function find(text: string): Promise<string[]> {
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
  return (JSON.parse(answer) as { found: string[] }).found.map((name) => known.get(name)?.key ?? name)
}

function tell(value: number | string, what: string): void {
  console.log(`${String(value).padStart(8)}  ${what}`)
}

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
