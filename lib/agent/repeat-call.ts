import { findApprovalReason } from '#lib/agent/approvals/approval-rules.ts'
import type { AgentEdges } from '#lib/agent/turn-context.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { findStanding } from '#lib/data/people/users.ts'
import { hashArguments, toAskedArguments } from '#lib/data/runs/ledger.ts'
import { findToolCall, listRepeats, type ToolCallDetail } from '#lib/data/runs/tool-calls.ts'
import { listPolicies } from '#lib/data/servers/policies.ts'
import { needsAccount } from '#lib/mcp-client/accounts/accounts.ts'
import { onlyReads } from '#lib/mcp-client/calls/repeat-rules.ts'
import { type OpenMcp, openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { listServersFor, type McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { AppError } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'

/**
 * Why a call in the ledger cannot be repeated, as a sentence; null if nothing known so far forbids
 * it.
 */
export function findRepeatRefusal(call: ToolCallDetail): string | null {
  if (call.status === 'pending') return 'This call is still in progress. Wait for it to end.'
  // Redacted or clipped arguments cannot be sent, and their placeholders must not be.
  if (call.argumentsHash !== hashArguments(toAskedArguments(call.arguments, call.filledIn)))
    return 'Its arguments were not stored in full, because they were secret or too long. Ask for it in the chat.'
  return null
}

/**
 * Repeats a call from the ledger with the same arguments, as the person whose call it was, under
 * today's servers, tools and policies. `asker` is that person or an admin. An admin's repeat is
 * audited, and its row names the admin; it is refused if the call needs the person's approval or
 * connected account. `twice` means that the asker accepts that something may be changed once more.
 * Resolves to the new call's id. Throws not_found, conflict, forbidden and unavailable, each with
 * nothing sent.
 */
export async function repeatCall(
  asker: Caller,
  id: string,
  { twice }: { twice: boolean },
  { builtinFetch }: Pick<AgentEdges, 'builtinFetch'> = {},
): Promise<string> {
  const scope = asker.role === 'admin' ? ({ admin: true } as const) : { caller: asker }
  const call = await findToolCall(scope, id)
  const server = await requireServer(asker, call)
  const owner = { userId: call.ownerId }
  const run = { id: newId('rpt'), threadId: call.threadId ?? '', ...owner }
  const mcp = await openMcp(
    { ...run, repeats: { callId: id, by: asker.userId } },
    { policies: await listPolicies(owner), builtinFetch, servers: [server], relist: true },
  )
  try {
    const offered = requireRepeatable(mcp, asker, call, twice)
    if (owner.userId !== asker.userId)
      await recordAudit({
        ...{ action: 'call_repeated', actorId: asker.userId, subject: id },
        detail: { owner: owner.userId, server: call.server, tool: call.tool },
      })
    await offered.connection.callToolResult(offered.name, argumentsOf(call), null)
  } finally {
    await mcp.close()
  }
  const [made] = await listRepeats(scope, id)
  if (!made) throw new AppError('unavailable', 'The call could not be recorded, so it was not made. Try again.')
  return made.id
}

/** The server of a call. Throws if the call cannot be repeated there, whatever its tools are now. */
async function requireServer(asker: Caller, call: ToolCallDetail): Promise<McpServer> {
  const refused = findRepeatRefusal(call)
  if (refused) throw new AppError('conflict', refused)
  const standing = await findStanding(call.ownerId)
  if (!standing) throw new AppError('conflict', 'The account of this person can no longer be used.')
  const server = (await listServersFor(standing.role)).find(({ name }) => name === call.server)
  if (!server) throw goneError()
  if (call.ownerId !== asker.userId && needsAccount(server))
    throw new AppError(
      'forbidden',
      `Calls at ${server.name} use each person's own account, so only they can repeat this one.`,
    )
  return server
}

/** The tool of a call, as it is offered now. Throws if the asker may not repeat a call of it. */
function requireRepeatable({ connections, unavailable }: OpenMcp, asker: Caller, call: ToolCallDetail, twice: boolean) {
  const [connection] = connections
  const offered = connection?.offeredRaw(call.tool)
  if (!connection || !offered) throw unavailable[0] ? new AppError('unavailable', unavailable[0].sentence) : goneError()
  const found = { connection, ...offered }
  if (call.ownerId !== asker.userId && findApprovalReason(found, argumentsOf(call), { approved: [], earlier: [] }))
    throw new AppError('forbidden', 'This tool needs its person’s approval, so only they can repeat the call.')
  if (!twice && !onlyReads({ builtin: connection.server.builtin, ...offered }))
    throw new AppError('conflict', 'This tool may change something. Tick the box to call it anyway.')
  return found
}

function argumentsOf(call: ToolCallDetail): Record<string, unknown> {
  return toAskedArguments(call.arguments, call.filledIn) as Record<string, unknown>
}

function goneError(): AppError {
  return new AppError('conflict', 'This tool is no longer offered to its person.')
}
