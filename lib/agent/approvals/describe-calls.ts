import { type CallSaying, fillTemplate, toShownSentence } from '#lib/agent/approvals/call-saying.ts'
import type { DescribeCalls, PendingCall } from '#lib/agent/approvals/park-run.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import { listPolicies } from '#lib/data/servers/policies.ts'
import { readCallFacts } from '#lib/mcp-client/calls/call-facts.ts'
import { type OpenMcp, openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { removeBoundArguments } from '#lib/mcp-client/tools/bound-arguments.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { log } from '#lib/platform/log.ts'
import { toVisibleText } from '#lib/platform/text/visible-text.ts'

/** How long (ms) the cards of a turn wait for what other tools say about its calls. */
const SAYING_MS = 6_000

/** How a call is described: by a template, by a read-only tool of its server, or by both. */
type Way = { template: string | null; tool: string | null }

/** What the tools of our own server do, unless an admin says something else. */
const OWN: Record<string, Way> = {
  add_task: { template: 'Add a task: {title}', tool: null },
  complete_task: { template: 'Complete task {number}: {result.tasks.0.title}', tool: 'list_tasks' },
  delete_task: { template: 'Delete task {number}: {result.tasks.0.title}', tool: 'list_tasks' },
  update_task: { template: 'Change task {number}: {result.tasks.0.title}', tool: 'list_tasks' },
  save_note: { template: 'Save a note: {title}', tool: null },
  delete_note: { template: 'Delete a note: {result.title}', tool: 'get_note' },
}

/**
 * Makes what says what the calls of a turn will do. A tool that says it is asked as this person, on a
 * connection of its own where it cannot ask anything: it must be offered to them, in the definition
 * that an admin accepted, and say that it only reads. Its call is in the ledger. If anything fails or
 * takes longer than 6 seconds, the card shows the arguments alone.
 */
export function makeDescribeCalls(context: TurnContext, signal: AbortSignal): DescribeCalls {
  return async (calls) => {
    const sayings = new Map<string, CallSaying>()
    const described = calls.flatMap((call) => {
      const way = findWay(call)
      return way ? [{ call, way }] : []
    })
    if (described.length === 0) return sayings
    const late = AbortSignal.any([signal, AbortSignal.timeout(SAYING_MS)])
    const work = describeAll(described, context, late, sayings).catch((error: unknown) =>
      log.warn({ error }, 'what a call will do is not said on its card'),
    )
    await withDeadline(work, SAYING_MS, () => undefined)
    return sayings
  }
}

function findWay({ connection: { server }, tool, policy }: PendingCall): Way | undefined {
  const { sentence: template = null, sentenceTool = null } = policy
  if (template !== null || sentenceTool !== null) return { template, tool: sentenceTool }
  return server.builtin && Object.hasOwn(OWN, tool.name) ? OWN[tool.name] : undefined
}

async function describeAll(
  described: { call: PendingCall; way: Way }[],
  { caller, run, builtinFetch }: TurnContext,
  signal: AbortSignal,
  sayings: Map<string, CallSaying>,
): Promise<void> {
  const servers = [...new Set(described.flatMap(({ call, way }) => (way.tool ? [call.connection.server] : [])))]
  const asker = { id: run.id, threadId: run.threadId, userId: caller.userId, signal }
  const policies = servers.length > 0 ? await listPolicies(caller) : []
  const mcp = servers.length > 0 ? await openMcp(asker, { servers, policies, builtinFetch, signal }) : undefined
  try {
    await Promise.all(
      described.map(async ({ call, way }) => {
        const saying = await describe(call, way, mcp, signal)
        if (saying) sayings.set(call.callId, saying)
      }),
    )
  } finally {
    await mcp?.close()
  }
}

async function describe(
  { connection: { server }, arguments: given, policy }: PendingCall,
  { template, tool }: Way,
  mcp: OpenMcp | undefined,
  signal: AbortSignal,
): Promise<CallSaying | undefined> {
  const args = removeBoundArguments(given as Record<string, unknown>, server)
  const result = tool === null ? undefined : await ask(tool, server.name, args, mcp, signal)
  if (tool !== null && result === undefined) return undefined
  const said = template === null ? result : fillTemplate(template, result === undefined ? args : { ...args, result })
  const sentence = typeof said === 'string' ? toShownSentence(said) : undefined
  return sentence === undefined ? undefined : { sentence, origin: toOrigin(server.name, policy.sentence, tool) }
}

/** What a tool answers to the arguments that it has, too: as text or JSON. Undefined if it fails. */
async function ask(
  tool: string,
  server: string,
  args: Record<string, unknown>,
  mcp: OpenMcp | undefined,
  signal: AbortSignal,
): Promise<unknown> {
  const connection = mcp?.connections.find((one) => one.server.name === server)
  const offered = connection?.offeredRaw(tool)
  if (!connection || offered?.tool.annotations?.readOnlyHint !== true) return undefined
  const known = Object.keys((offered.tool.inputSchema as { properties?: object }).properties ?? {})
  const shared = Object.fromEntries(Object.entries(args).filter(([name]) => known.includes(name)))
  const { content, _meta } = await connection.callToolResult(offered.name, shared, null, { signal })
  const facts = readCallFacts(_meta)
  const [first] = content
  // A call that waits or goes on has no facts.
  if (!facts || facts.failure || first?.type !== 'text') return undefined
  return parse(String(first.text))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Words.
    return text
  }
}

function toOrigin(name: string, template: string | null | undefined, tool: string | null): string {
  const server = toVisibleText(name)
  if (template == null) return `In the words of ${server}, what this will do:`
  return tool === null
    ? 'In the words of your administrators, what this will do:'
    : `In the words of your administrators, with what ${server} says, what this will do:`
}
