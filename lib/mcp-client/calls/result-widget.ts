import type { McpServer } from '#lib/mcp-client/servers/servers.ts'

/** Under this name of a result's `_meta` a trusted server sends a ChatKit widget. */
const META = 'switchboard/widget'
const MAX_CHARS = 200_000

/** A node of a widget as a server sent it: nobody has looked at more than its type yet. */
export type SentWidget = { type: string; key?: string; [property: string]: unknown }

const ROOTS: ReadonlySet<string> = new Set(['Card', 'ListView', 'Basic'])

/** True for a widget that is shown by itself; any other is a node that takes the place of one of the same key in those that are. */
export function isWholeWidget({ type }: SentWidget): boolean {
  return ROOTS.has(type)
}

/** The widget of a result; undefined where there is none, where it is too large, or where an admin does not trust the server with it. */
export function findResultWidget({ builtin, config }: McpServer, meta: unknown): SentWidget | undefined {
  if (!builtin && !config?.trusted) return undefined
  const sent = (meta as Record<string, unknown> | null | undefined)?.[META]
  if (sent === null || typeof sent !== 'object' || typeof (sent as SentWidget).type !== 'string') return undefined
  return JSON.stringify(sent).length <= MAX_CHARS ? (sent as SentWidget) : undefined
}
