import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import type { EffectivePolicy } from '#lib/data/servers/policies.ts'
import type { Failure } from '#lib/mcp-client/calls/results.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'

/** A tool whose annotations are to be judged: those of our own server count, others where an admin confirmed them. */
type Judged = { builtin: boolean; tool: McpTool | undefined; policy: EffectivePolicy }

// Worth a second try at once: the others would fail the same way, or have waited long already.
const PASSING: ReadonlySet<FailureClass> = new Set(['session_lost', 'transport_lost', 'outcome_unknown'])

/** True where a tool changes nothing, on a word that counts. */
export function onlyReads({ builtin, tool, policy }: Judged): boolean {
  return tool?.annotations?.readOnlyHint === true && (builtin || policy.repeatable)
}

/** True where a call that was made once may be made again unseen: it reads, or does nothing more the second time, by the tool's own word. */
export function isHarmlessTwice(tool: McpTool): boolean {
  return tool.annotations?.readOnlyHint === true || tool.annotations?.idempotentHint === true
}

/** True where a second try cannot do anything twice: the first was surely not carried out, or an admin confirmed that it may be repeated. */
export function mayRetry({ builtin, tool, policy }: Judged, failure: Failure | undefined): boolean {
  if (!failure || !PASSING.has(failure.class)) return false
  return !failure.sent || ((builtin || policy.repeatable) && tool !== undefined && isHarmlessTwice(tool))
}
