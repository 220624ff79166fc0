import { findApprovalReason, type Known, type OfferedTool } from '#lib/agent/approvals/approval-rules.ts'
import { UntrustedContent } from '#lib/agent/approvals/untrusted-content.ts'
import { mayUseServer, mayUseTool } from '#lib/agent/assistants/may-use-tool.ts'
import { findKeptPlace } from '#lib/agent/assistants/read-cast.ts'
import { listUsableAssistants } from '#lib/agent/assistants/usable-assistants.ts'
import { type AssistantConfig, DEFAULT_SLUG } from '#lib/data/assistants/assistant-config.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { listSwitchedOff } from '#lib/data/chat/switched-off-tools.ts'
import { listApprovedForThread } from '#lib/data/runs/approvals/approved-calls.ts'
import { listPolicies } from '#lib/data/servers/policies.ts'
import { listAccounts } from '#lib/data/servers/server-accounts.ts'
import { needsAccount } from '#lib/mcp-client/accounts/accounts.ts'
import { type OpenMcp, openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { toShownLine } from '#lib/mcp-client/offers/shown-text.ts'
import { LISTS_ONLY } from '#lib/mcp-client/questions/asking.ts'
import { findHealth, findLastFailure } from '#lib/mcp-client/servers/health.ts'
import { listServersFor, type McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { OffSwitches } from '#lib/mcp-client/tools/off-switches.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { AppError } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'

/** When a person is asked before a call: each time, once, after content of others, or never. */
export type Asks = 'always' | 'once' | 'after_content' | 'never'

/** A tool of the assistant, as its person sees it. `name` is its name at the server. */
export type ShownTool = { name: string; title: string; description?: string; asks: Asks; isOn: boolean }

/**
 * A server of the assistant. `sentence` says why it is not connected. `connect` is set if the person
 * can help by connecting an account: its id, and the way that it takes.
 */
export type ShownServer = {
  name: string
  state: 'connected' | 'account' | 'slow' | 'down'
  sentence?: string
  connect?: { id: string; way: 'key' | 'oauth'; isAgain: boolean }
  isOn: boolean
  tools: ShownTool[]
}

/** The panel waits no longer (ms) for a server. It is asked on, and the panel is told. */
const WAIT_MS = 1_500
const TITLE_MAX_CHARS = 100
const DESCRIPTION_MAX_CHARS = 200

/**
 * The servers and tools that the assistant of a conversation has for its person now, switched on or
 * off as there. Before a conversation, `assistant` is the slug of the one that is chosen. Tools that
 * no model is offered (denied, not accepted) are not in it; one that the chosen model refuses is.
 */
export async function listServers(
  caller: Caller,
  threadId: string | undefined,
  { builtinFetch, assistant }: { builtinFetch?: typeof fetch; assistant?: string } = {},
): Promise<ShownServer[]> {
  const [choice, all, policies, accounts, entries, approved] = await Promise.all([
    findToolChoice(caller, threadId, assistant),
    listServersFor(caller.role),
    listPolicies(caller),
    listAccounts(caller),
    threadId === undefined ? [] : listSwitchedOff(caller, threadId),
    threadId === undefined ? [] : listApprovedForThread(caller, threadId),
  ])
  const servers = all.filter(({ name }) => mayUseServer(choice, name))
  // Starts no run and calls no tool, so the run and its thread do not exist.
  const nothing = { id: newId('run'), threadId: newId('thr'), userId: caller.userId, asking: LISTS_ONLY }
  const signal = AbortSignal.timeout(WAIT_MS)
  const mcp = await openMcp(nothing, { servers, policies, builtinFetch, signal })
  try {
    const off = new OffSwitches(entries)
    return await Promise.all(
      servers.map(async (server) => ({
        name: server.name,
        ...toState(server, mcp, accounts.get(server.id ?? '')),
        isOn: !off.hasServer(server.name),
        tools: (await listShownTools(server, mcp, off, approved)).filter(({ name }) =>
          mayUseTool(choice, server.name, name),
        ),
      })),
    )
  } finally {
    await mcp.close()
  }
}

/** The tools of the assistant that answers in a conversation, or that is chosen for a new one. */
async function findToolChoice(
  caller: Caller,
  threadId: string | undefined,
  chosen = DEFAULT_SLUG,
): Promise<AssistantConfig['tools']> {
  const [usable, slugs] = await Promise.all([
    listUsableAssistants({ id: caller.userId, role: caller.role }),
    threadId === undefined ? [chosen] : listThreadSlugs(caller, threadId),
  ])
  const answering = [...slugs, DEFAULT_SLUG].map((slug) => usable.find((one) => one.slug === slug)).find(Boolean)
  return answering?.config.tools ?? { kind: 'none' }
}

/** Who answers in a conversation, and then the one that its person chose; nobody if it is not theirs. */
async function listThreadSlugs(caller: Caller, threadId: string): Promise<string[]> {
  try {
    const { current, base } = findKeptPlace(await createPrismaStore(caller).loadThread(threadId))
    return [current, base]
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return []
    throw error
  }
}

type State = Pick<ShownServer, 'state' | 'sentence' | 'connect'>

function toState(server: McpServer, { unavailable }: OpenMcp, account: { broken: boolean } | undefined): State {
  const { id, name, url, builtin, config } = server
  if (needsAccount(server) && id !== undefined && (!account || account.broken)) {
    const connect = { id, way: config?.identity.kind === 'key' ? ('key' as const) : ('oauth' as const) }
    const sentence = account
      ? 'It no longer accepts the account that you connected.'
      : 'It works with your own account there, which is not connected yet.'
    return { state: 'account', sentence, connect: { ...connect, isAgain: account !== undefined } }
  }
  const missing = unavailable.find((entry) => entry.server === name)
  if (missing) {
    const isSlow = missing.failureClass === 'cancelled' || missing.failureClass === 'connect_timeout'
    if (isSlow && findHealth(url) !== 'down')
      return { state: 'slow', sentence: 'It has not answered yet. It is asked on.' }
    return { state: 'down', sentence: toReason(missing.sentence, missing.failureClass) }
  }
  // Its tools are known from before.
  if (!builtin && findHealth(url) === 'down')
    return { state: 'down', sentence: toReason(findLastFailure(url)?.sentence ?? 'It did not answer lately.') }
  return { state: 'connected' }
}

/** The sentence of a failure without its class, about a server rather than a tool. */
function toReason(sentence: string, failureClass = ''): string {
  const plain = sentence.replace(` (${failureClass})`, '').replace(/\b[Tt]he server of this tool\b/g, 'The server')
  return toShownLine(plain, 300)
}

async function listShownTools(
  server: McpServer,
  { connections }: OpenMcp,
  off: OffSwitches,
  approved: Known['approved'],
): Promise<ShownTool[]> {
  const connection = connections.find((candidate) => candidate.server.name === server.name)
  if (!connection) return []
  return (await connection.listTools()).flatMap(({ name: publicName }) => {
    const offered = connection.offered(publicName)
    if (!offered) return []
    const { name, title, annotations, description } = offered.tool
    return {
      name,
      title: toShownLine(title ?? annotations?.title ?? name, TITLE_MAX_CHARS) || name,
      ...(description && { description: toShownLine(description, DESCRIPTION_MAX_CHARS) }),
      asks: whenAsked({ connection, ...offered }, approved),
      isOn: !off.has(server.name, name),
    }
  })
}

function whenAsked(offered: OfferedTool, approved: Known['approved']): Asks {
  const reason = findApprovalReason(offered, {}, { approved, earlier: [] })
  if (reason !== undefined) return reason === 'first' ? 'once' : 'always'
  const content = new UntrustedContent()
  content.note({ name: '', at: new Date() })
  const { connection, tool, policy } = offered
  return content.findConcerns(connection.server, tool, policy).length > 0 ? 'after_content' : 'never'
}
