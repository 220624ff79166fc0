import { readSources } from '#lib/data/notebook/content-sources.ts'
import type { CallFacts } from '#lib/mcp-client/calls/calling-run.ts'
import { modelContent } from '#lib/mcp-client/calls/model-content.ts'
import { findResultWidget, isWholeWidget } from '#lib/mcp-client/calls/result-widget.ts'
import type { Attempt, Result } from '#lib/mcp-client/calls/results.ts'
import type { ShownFiles } from '#lib/mcp-client/files/result-files.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'

const FACTS = 'switchboard/call'

/** What a model reads about a result that the chat shows as a widget. */
export const SHOWN_NOTE = '[The person sees this result in the chat as a list or card. Do not repeat its contents.]'
const FILES_NOTE = 'The person sees these files and links of the result in the chat:'
/** What stands for a part that is no text (lib/mcp-client/calls/model-content.ts). */
const PART_NOTE = /^\[(?:(?:picture|recording|file): .*, which cannot be shown here|link: .*)\]$/gm

/** What a model reads about the files and links of a result that the chat shows, if it shows any. */
function describeShownFiles({ files, links }: ShownFiles): string | undefined {
  const names = [...files.map(({ name }) => name), ...links.map(({ title }) => title)]
  return names.length === 0 ? undefined : `[${FILES_NOTE} ${names.map((name) => JSON.stringify(name)).join(', ')}.]`
}

/**
 * A text that a model read of a result, without the words about what the chat shows: undefined if
 * it shows no files or links.
 */
export function withoutFilesNote(text: string): string | undefined {
  const at = text.lastIndexOf(`[${FILES_NOTE} `)
  if (at < 0 || !text.trimEnd().endsWith('.]')) return undefined
  return text.slice(0, at).replace(PART_NOTE, '').trim()
}

/**
 * The outcome of a call, from the `_meta` of a result that came from a connection. Undefined for
 * any other result.
 */
export function readCallFacts(meta: unknown): CallFacts | undefined {
  return (meta as { [FACTS]?: CallFacts } | null | undefined)?.[FACTS]
}

/** The outcome of a call, for the run that made it. */
export function toCallFacts(
  server: McpServer,
  tool: string,
  { result, failure }: Attempt,
  { ms, files }: { ms: number; files?: ShownFiles | undefined },
): CallFacts {
  return {
    server: server.name,
    tool,
    durationMs: Math.round(ms),
    failure: failure && { class: failure.class, sentence: `${failure.sentence} (${failure.class})` },
    widget: findResultWidget(server, result?._meta),
    ...(server.builtin && { sources: readSources(result?._meta) }),
    ...(files && { files }),
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
  const note = facts.files && describeShownFiles(facts.files)
  const files = note ? [{ type: 'text', text: note }] : []
  return {
    ...result,
    content: [...modelContent(result), ...files, ...shown],
    _meta: { ...result?._meta, [FACTS]: facts },
  } as Result
}
