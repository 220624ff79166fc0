import { findApprovalReason } from '#lib/agent/approvals/approval-rules.ts'
import { findPerson } from '#lib/data/people/users.ts'
import { isCallApproved, listApprovedForThread } from '#lib/data/runs/approvals/approved-calls.ts'
import { hashArguments } from '#lib/data/runs/ledger.ts'
import { findPolicy, listPolicies } from '#lib/data/servers/policies.ts'
import { hashDefinition, listAcceptedHashes, type ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import { isPinned } from '#lib/mcp-client/connection/load-tools.ts'
import type { ToolConnection } from '#lib/mcp-client/connection/tool-connection.ts'
import type { AskingCall } from '#lib/mcp-client/questions/asking.ts'
import { listServersFor, type McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { removeBoundArguments } from '#lib/mcp-client/tools/bound-arguments.ts'
import { mayOffer } from '#lib/mcp-client/tools/may-offer.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'

/** What is said of an answer that may not be sent. */
const WORDS = {
  changed: 'The tool was changed or removed after it asked, so the answer was not sent.',
  notAllowed: 'This tool now needs your approval, so the answer was not sent.',
}

type Here = { caller: Caller; threadId: string; connections: readonly ToolConnection[] }

/**
 * Why the answer to a server's question may not be sent any more, as a sentence; undefined if it
 * may. Reads everything anew: the person's standing, the server, the accepted definition of the
 * tool, and the policy may all have changed while the question waited.
 */
export async function findAnswerRefusal(
  { callId, server: name, tool, args, toolHash }: AskingCall,
  { caller, threadId, connections }: Here,
  words = WORDS,
): Promise<string | undefined> {
  const [person, policies, approved] = await Promise.all([
    findPerson(caller.userId),
    listPolicies(caller),
    listApprovedForThread(caller, threadId),
  ])
  const server = person && (await listServersFor(person.role)).find((candidate) => candidate.name === name)
  const connection = connections.find((candidate) => candidate.server.name === name)
  const listed = connection?.listed(tool)
  if (!server || !connection || !listed || !isSameServer(server, connection.server)) return words.changed
  const isSame = hashDefinition(listed as ToolDefinition) === toolHash && (await isAccepted(server, tool, toolHash))
  if (!isSame || !mayOffer(tool, server.config)) return words.changed
  const offered = { connection, tool: listed, policy: findPolicy(policies, name, tool) }
  if (findApprovalReason(offered, args, { approved, earlier: [] }, callId) === undefined) return undefined
  const argumentsHash = hashArguments(removeBoundArguments(args, connection.server))
  const call = { callId, server: name, tool, toolHash, argumentsHash }
  return (await isCallApproved(caller, threadId, call)) ? undefined : words.notAllowed
}

function isSameServer(one: McpServer, other: McpServer): boolean {
  return one.id === other.id && one.url === other.url
}

async function isAccepted(server: McpServer, tool: string, toolHash: string): Promise<boolean> {
  return !isPinned(server) || (await listAcceptedHashes([server.id])).get(server.id)?.get(tool) === toolHash
}
