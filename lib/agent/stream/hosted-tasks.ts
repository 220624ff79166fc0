import { formatSeconds, toSettledTask } from '#lib/agent/stream/tool-tasks.ts'
import type { CustomTask, Task, UrlSource } from '#lib/chatkit/protocol/items.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

// Tools that the model's own provider runs. Their calls come as items of the model's answer
// (protocol section 2.5).

const CODE_MAX_CHARS = 2_000

type Source = { url?: string; title?: string }

/** The fields of a hosted call that are shown, named as in the Responses API. */
export type HostedCall = {
  type?: string
  action?: { type?: string; query?: string; queries?: string[]; url?: string; pattern?: string; sources?: Source[] }
  queries?: string[]
  results?: { filename?: string }[] | null
  code?: string | null
  name?: string
  arguments?: string
  server_label?: string
  error?: unknown
}

const TASKS: Record<string, (call: HostedCall, took: number | undefined) => Task> = {
  web_search_call: searchTask,
  file_search_call: fileTask,
  code_interpreter_call: codeTask,
  mcp_call: mcpTask,
}

/** True for a call that has a line in the chat. */
export function isHostedCall({ type }: HostedCall): boolean {
  return type !== undefined && Object.hasOwn(TASKS, type)
}

/**
 * The line of a hosted call: loading until `took` (ms) is known. Throws for a call that has no
 * line.
 */
export function toHostedTask(call: HostedCall, took?: number): Task {
  const make = TASKS[call.type ?? '']
  if (!make) throw new Error(`no line for a call of type ${call.type}`)
  return { ...make(call, took), status_indicator: took === undefined ? 'loading' : 'complete' }
}

function toTitle(doing: string, done: string, took: number | undefined): string {
  return took === undefined ? doing : `${done} (${formatSeconds(took)})`
}

function searchTask({ action = {} }: HostedCall, took: number | undefined): Task {
  const queries = action.queries?.length ? action.queries : action.query ? [action.query] : []
  const pages = [...(action.sources ?? []), ...(action.url ? [{ url: action.url }] : [])]
  const [doing, done] =
    action.type === 'open_page' || action.type === 'find_in_page'
      ? ['Reading a page', 'Read a page']
      : ['Searching the web', 'Searched the web']
  return {
    type: 'web_search',
    status_indicator: 'none',
    title: toTitle(doing ?? '', done ?? '', took),
    ...(queries[0] && { title_query: queries[0] }),
    queries: action.pattern ? [...queries, action.pattern] : queries,
    sources: pages.flatMap(toSource),
  }
}

// A model may cite anything, so only web addresses become links.
function toSource({ url = '', title }: Source): UrlSource[] {
  return /^https?:\/\//i.test(url) ? [{ type: 'url', url, title: title || url }] : []
}

function fileTask({ results }: HostedCall, took: number | undefined): Task {
  const names = new Set((results ?? []).flatMap(({ filename }) => filename || []))
  return {
    type: 'file',
    status_indicator: 'none',
    title: toTitle('Searching files', 'Searched files', took),
    sources: [...names].map((filename) => ({ type: 'file', title: filename, filename })),
  }
}

function codeTask({ code }: HostedCall, took: number | undefined): Task {
  const text = cutText(code ?? '', CODE_MAX_CHARS)
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)))
  return {
    type: 'custom',
    status_indicator: 'none',
    icon: 'square-code',
    title: toTitle('Running code', 'Ran code', took),
    ...(text && { content: `${fence}python\n${text}\n${fence}` }),
  }
}

function mcpTask({ name = 'tool', arguments: args = '', error }: HostedCall, took: number | undefined): CustomTask {
  const failure = error ? { failure: { sentence: 'The tool reported an error.' } } : {}
  return toSettledTask(
    { callId: '', name, arguments: args },
    { ...(took !== undefined && { durationMs: took }), ...failure },
  )
}
