import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { ThreadFile } from '#lib/data/attachments/thread-files.ts'
import type { Summary } from '#lib/data/chat/context/summaries.ts'
import type { MessageOrigin } from '#lib/data/chat/message-origins.ts'
import type { OutsideContent } from '#lib/data/chat/outside-content.ts'
import { joinSources } from '#lib/data/notebook/content-sources.ts'
import { type AnsweredTool, hasWordsOfServer } from '#lib/data/runs/earlier-tool-calls.ts'
import type { EffectivePolicy } from '#lib/data/servers/policies.ts'
import type { CallFacts } from '#lib/mcp-client/calls/calling-run.ts'
import type { OpenMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { claimsToRead, isOpenWorld } from '#lib/mcp-client/tools/tool-claims.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'
import { toVisibleText } from '#lib/platform/text/visible-text.ts'

/**
 * Where content comes from that others may have written. `name` is for people; server and tool are
 * set if a tool's result brought it. `at` is when its last piece came.
 */
export type ContentSource = { name: string; server?: string; tool?: string; at: Date }

const THE_WEB = 'the web'
const THE_PAGE = 'the page around this chat'
const OUTSIDE: Record<OutsideContent['kind'], string> = {
  web: THE_WEB,
  page: THE_PAGE,
  imported: 'an import',
  shared: 'a shared conversation',
}
const NAME_MAX_CHARS = 60
const NAMES_MAX = 3

/**
 * What one turn's model reads that others may have written. It outlives the text itself: an answer
 * or a summary of the model may carry it on, so the whole conversation counts.
 */
export class UntrustedContent {
  readonly #sources = new Map<string, ContentSource>()

  note(source: ContentSource): void {
    const key = JSON.stringify([source.name, source.server, source.tool])
    const known = this.#sources.get(key)
    if (!known || known.at < source.at) this.#sources.set(key, source)
  }

  /** Notes what tools of the model's own provider bring now. Returns when that is. */
  noteHostedCalls(): Date {
    const at = new Date()
    this.note({ name: THE_WEB, at })
    return at
  }

  /** Notes what the whole thread holds of the web, of the page around it and from elsewhere. */
  noteOutside(contents: OutsideContent[]): void {
    for (const { kind, at } of contents) this.note({ name: OUTSIDE[kind], at })
  }

  noteFiles(files: ThreadFile[]): void {
    for (const { name, at } of files) this.note({ name: nameOfFile(name), at })
  }

  /** Notes the servers whose resources and prompts are in messages. Our own holds the person's data. */
  noteOrigins(origins: MessageOrigin[], servers: McpServer[]): void {
    for (const { server, at } of origins)
      if (!servers.some(({ name, builtin }) => builtin && name === server)) this.note({ name: server, server, at })
  }

  /**
   * Notes the files and pages in these items. With `listNames`, it tells whether a part of a thread,
   * such as one that a summary covers, holds anything that others may have written, besides results
   * of tools and resources.
   */
  noteItems(items: ThreadItem[]): void {
    for (const item of items) for (const name of namesOutside(item)) this.note({ name, at: new Date(item.created_at) })
  }

  /** Notes the files and pages in the items that a summary covers. */
  noteSummary(summary: Summary | undefined): void {
    for (const name of summary?.sources ?? []) this.note({ name, at: summary?.throughAt ?? new Date() })
  }

  /** Notes a tool's result, unless that is of a closed world, and what notes and tasks in it hold. */
  noteAnswer({ server, tool, at, sources }: AnsweredTool, connections: OpenMcp['connections']): void {
    const connection = connections.find((candidate) => candidate.server.name === server)
    if (!connection || isOpenWorld(connection.server, connection.listed(tool)))
      this.note({ name: server, server, tool, at })
    // A source's name is that of its server, if it has one.
    for (const name of sources) this.note({ name, server: name, at })
  }

  /** Notes a call of this turn that has ended. */
  noteCall({ server, tool, failure, sources = [] }: CallFacts, connections: OpenMcp['connections']): void {
    if (hasWordsOfServer(failure?.class)) this.noteAnswer({ server, tool, at: new Date(), sources }, connections)
  }

  /** Notes the servers that said why they cannot be used, because the model is told. */
  noteUnavailable(unavailable: OpenMcp['unavailable']): void {
    for (const { server, failureClass } of unavailable)
      if (hasWordsOfServer(failureClass)) this.note({ name: server, server, at: new Date() })
  }

  /** The names of all sources. */
  listNames(): string[] {
    return joinSources([...this.#sources.values()].map(({ name }) => name))
  }

  /**
   * The content because of which a call of this tool has to be approved. It may have led to a call
   * that changes something outside the person's own data, or that carries what was read to others.
   */
  findConcerns(server: McpServer, tool: McpTool, policy: EffectivePolicy): ContentSource[] {
    const isOpen = isOpenWorld(server, tool)
    if (policy.afterUntrusted === 'allow' || (server.builtin && !isOpen)) return []
    const all = [...this.#sources.values()]
    if (!claimsToRead(server, tool)) return all
    // A server learns nothing new from its own content.
    return isOpen ? all.filter((source) => source.server !== server.name) : []
  }
}

/** The names of what this item brings from outside into the model's input, besides tool results. */
function namesOutside(item: ThreadItem): string[] {
  switch (item.type) {
    case 'user_message':
      return item.attachments.map(({ name }) => nameOfFile(name))
    case 'client_tool_call':
      return item.status === 'completed' ? [THE_PAGE] : []
    case 'workflow':
      return item.workflow.tasks.some(({ type }) => type === 'web_search' || type === 'file') ? [THE_WEB] : []
    case 'task':
      return item.task.type === 'web_search' || item.task.type === 'file' ? [THE_WEB] : []
    case 'assistant_message':
      return item.content.some(({ annotations }) => annotations.some(({ source }) => source.type === 'url'))
        ? [THE_WEB]
        : []
    default:
      return []
  }
}

function nameOfFile(name: string): string {
  return `the file “${cutText(name, NAME_MAX_CHARS)}”`
}

/** What a card says of this content, as two sentences. */
export function describeConcerns(sources: ContentSource[]): string {
  const names = [...new Set(sources.map(({ name }) => name))]
  const shown = names.slice(0, NAMES_MAX)
  if (names.length > NAMES_MAX) shown.push(`${names.length - NAMES_MAX} more`)
  const list = new Intl.ListFormat('en').format(shown.map((name) => toVisibleText(name)))
  return `This conversation holds content from ${list} that others may have written, and the call may follow their words. Approve it only if it is what you want.`
}
