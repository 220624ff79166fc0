import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import type { EffectivePolicy } from '#lib/data/servers/policies.ts'
import type { Failure } from '#lib/mcp-client/calls/results.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'

/**
 * A tool whose annotations are evaluated. Our own server's are trusted; others only if an admin
 * confirmed them.
 */
type Judged = { builtin: boolean; tool: McpTool | undefined; policy: EffectivePolicy }

// Failures that are worth an immediate retry. The others would fail the same way, or have already
// waited long.
const PASSING: ReadonlySet<FailureClass> = new Set(['session_lost', 'transport_lost', 'outcome_unknown'])

/** True if a tool changes nothing, by a trusted annotation. */
export function onlyReads({ builtin, tool, policy }: Judged): boolean {
  return tool?.annotations?.readOnlyHint === true && (builtin || policy.repeatable)
}

/**
 * True if the tool claims that a call may be repeated unnoticed: it only reads, or a second call
 * has no further effect.
 */
export function isHarmlessTwice(tool: McpTool): boolean {
  return tool.annotations?.readOnlyHint === true || tool.annotations?.idempotentHint === true
}

/**
 * True if a retry cannot take effect twice: the first attempt was certainly not carried out, or a
 * trusted annotation says that the tool may be repeated.
 */
export function mayRetry({ builtin, tool, policy }: Judged, failure: Failure | undefined): boolean {
  if (!failure || !PASSING.has(failure.class)) return false
  return !failure.sent || ((builtin || policy.repeatable) && tool !== undefined && isHarmlessTwice(tool))
}
