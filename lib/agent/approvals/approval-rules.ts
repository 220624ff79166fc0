import type { ContentSource, UntrustedContent } from '#lib/agent/approvals/untrusted-content.ts'
import type { ApprovedTool } from '#lib/data/runs/approvals/approved-calls.ts'
import type { EarlierCall, TakenCall } from '#lib/data/runs/earlier-tool-calls.ts'
import { hashArguments } from '#lib/data/runs/ledger.ts'
import type { ApprovalPolicy, EffectivePolicy } from '#lib/data/servers/policies.ts'
import { hashDefinition, type ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import { isHarmlessTwice, onlyReads } from '#lib/mcp-client/calls/repeat-rules.ts'
import type { ToolConnection } from '#lib/mcp-client/connection/tool-connection.ts'
import { type McpServer, needsApprovalIfUnannotated } from '#lib/mcp-client/servers/mcp-servers.ts'
import { removeBoundArguments } from '#lib/mcp-client/tools/bound-arguments.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'

/** Why a person is asked before a call is made. */
export type ApprovalReason = 'always' | 'first' | 'destructive' | 'unannotated' | 'repeated' | 'untrusted'

/** What is known when a call is reviewed. */
export type Known = {
  /** Tools that the person approved in this thread. */
  approved: ApprovedTool[]
  /**
   * Calls of earlier attempts at the same turn, and calls of this attempt with an unknown outcome.
   */
  earlier: EarlierCall[]
  /** Calls of the thread's branches that took or may have taken effect. */
  taken?: TakenCall[]
  /** Calls that this attempt made before it was parked. */
  own?: EarlierCall[]
  /**
   * What the model has read that others may have written. Undefined if no model chose the call: the
   * person did, by a command or a control.
   */
  untrusted?: UntrustedContent
}

/** A tool as the model sees it, with the connection and policy that a review of its calls needs. */
export type OfferedTool = { connection: ToolConnection; tool: McpTool; policy: EffectivePolicy }

// Statuses of calls that may have taken effect. A call that is known to have failed did not.
const MAY_HAVE_FINISHED: ReadonlySet<string> = new Set(['pending', 'succeeded', 'unknown', 'cancelled'])

/** Why a person has to be asked before this call; undefined if it may be made without asking. */
export function findApprovalReason(
  { connection, tool, policy }: OfferedTool,
  args: unknown,
  known: Known,
  callId?: string,
): ApprovalReason | undefined {
  const { server, made } = connection
  const asked = removeBoundArguments(args as Record<string, unknown>, server)
  const isAmong = (calls: TakenCall[]) => isRepeated(server.name, tool.name, asked, calls)
  const inDoubt = made.isInDoubt(tool.name, asked) || isAmong(listTaken(known.earlier))
  if (inDoubt && !onlyReads({ builtin: server.builtin, tool, policy })) return 'repeated'
  // What the tool claims to have read elsewhere may be read again.
  if (tool.annotations?.readOnlyHint !== true && isAmong(known.taken ?? [])) return 'repeated'
  const again = made.isMadeBefore(tool.name, asked, callId) || isAmong(listTaken(known.own ?? []))
  // The tool's own claim is enough: one that lies could do everything twice at its first call.
  if (again && !isHarmlessTwice(tool)) return 'repeated'
  const reasons: Record<ApprovalPolicy, ApprovalReason | undefined> = {
    ...{ never: undefined, always: 'always', first: 'first' },
    annotation: whyRisky(server, tool),
  }
  const reason = reasons[policy.approval]
  if (reason === 'always') return reason
  const concerns = known.untrusted?.findConcerns(server, tool, policy) ?? []
  if (reason === undefined && concerns.length === 0) return undefined
  const hash = hashDefinition(tool as ToolDefinition)
  const approved = known.approved.filter(
    (it) => it.server === server.name && it.tool === tool.name && it.toolHash === hash,
  )
  if (concerns.length > 0) return approved.some((approval) => coversAll(approval, concerns)) ? undefined : 'untrusted'
  return approved.some(({ remember }) => reason === 'first' || remember) ? undefined : reason
}

/**
 * True if a person allowed a tool for the rest of the thread when all of this content was there.
 * The tool's own later results do not take that back, or it would last for one call.
 */
function coversAll({ remember, approvedAt, server, tool }: ApprovedTool, concerns: ContentSource[]): boolean {
  return (
    remember &&
    concerns.every((source) => source.at <= approvedAt || (source.server === server && source.tool === tool))
  )
}

/**
 * Why a tool's annotations require approval. A tool that does not only read and has no
 * `destructiveHint` may destroy (MCP, ToolAnnotations).
 */
function whyRisky(server: McpServer, { annotations }: McpTool): ApprovalReason | undefined {
  const { destructiveHint, readOnlyHint } = annotations ?? {}
  if (destructiveHint === true) return 'destructive'
  return destructiveHint === undefined && readOnlyHint !== true && needsApprovalIfUnannotated(server)
    ? 'unannotated'
    : undefined
}

function listTaken(calls: EarlierCall[]): EarlierCall[] {
  return calls.filter(({ status }) => MAY_HAVE_FINISHED.has(status))
}

function isRepeated(server: string, tool: string, args: unknown, taken: TakenCall[]): boolean {
  if (taken.length === 0) return false
  const hash = hashArguments(args)
  return taken.some((call) => call.server === server && call.tool === tool && call.argumentsHash === hash)
}
