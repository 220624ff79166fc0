import type { CallFacts } from '#lib/mcp-client/calls/calling-run.ts'
import { modelContent } from '#lib/mcp-client/calls/model-content.ts'
import { findResultWidget, isWholeWidget } from '#lib/mcp-client/calls/result-widget.ts'
import type { Attempt, Result } from '#lib/mcp-client/calls/results.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'

const FACTS = 'switchboard/call'

/** What a model reads about a result that the chat shows as a widget. */
export const SHOWN_NOTE = '[The person sees this result in the chat as a list or card. Do not repeat its contents.]'

/**
 * The outcome of a call, from the `_meta` of a result that came from a connection. Undefined for
 * any other result.
 */
export function readCallFacts(meta: unknown): CallFacts | undefined {
  return (meta as { [FACTS]?: CallFacts } | null | undefined)?.[FACTS]
}

/** The outcome of a call, for the run that made it. */
export function toCallFacts(server: McpServer, tool: string, { result, failure }: Attempt, ms: number): CallFacts {
  return {
    server: server.name,
    tool,
    durationMs: Math.round(ms),
    failure: failure && { class: failure.class, sentence: `${failure.sentence} (${failure.class})` },
    widget: findResultWidget(server, result?._meta),
  }
}

/**
 * The result as the model reads it, with the facts in its `_meta`. A failure is put in our words;
 * an answer is shortened to what a model can use.
 */
export function withCallFacts({ result }: Attempt, facts: CallFacts): Result {
  const { failure } = facts
  if (failure) {
    const text = `${failure.class === 'declined' ? 'The call was not made.' : 'The call failed.'} ${failure.sentence}`
    return { content: [{ type: 'text', text }], isError: true, _meta: { [FACTS]: facts } }
  }
  const shown = facts.widget && isWholeWidget(facts.widget) ? [{ type: 'text', text: SHOWN_NOTE }] : []
  return {
    ...result,
    content: [...modelContent(result), ...shown],
    _meta: { ...result?._meta, [FACTS]: facts },
  } as Result
}
