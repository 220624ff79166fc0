import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import { toMcpFailure } from '#lib/mcp-client/failures/mcp-failure.ts'
import { findRefusal } from '#lib/mcp-client/refusal.ts'
import { noteAnswer, noteFailure } from '#lib/mcp-client/servers/health.ts'

const OUT_OF_REACH: ReadonlySet<FailureClass> = new Set(['refused', 'dns', 'tls', 'connect_timeout', 'transport_lost'])

/**
 * Records what a failed request to list something says about the server: that it is out of reach,
 * or that it answered. Our own server is always within reach.
 */
export function noteFailedList({ url, builtin }: { url: string; builtin: boolean }, error: unknown): void {
  const { failureClass, sentence } = toMcpFailure(error, 'connect')
  if (!OUT_OF_REACH.has(failureClass)) {
    if (!findRefusal(error)) noteAnswer(url)
  } else if (!builtin)
    noteFailure(url, { silent: failureClass === 'connect_timeout', last: { failureClass, sentence } })
}
