import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'

/** The `_meta` key under which a trusted server sends a ChatKit widget with a result. */
const META = 'switchboard/widget'
const MAX_CHARS = 200_000

/** A widget node as a server sent it. Only its type was checked. */
export type SentWidget = { type: string; key?: string; [property: string]: unknown }

const ROOTS: ReadonlySet<string> = new Set(['Card', 'ListView', 'Basic'])

/**
 * True for a widget that is shown on its own. Any other is a node that replaces the one with the
 * same key in widgets already shown.
 */
export function isWholeWidget({ type }: SentWidget): boolean {
  return ROOTS.has(type)
}

/**
 * The widget of a result. Undefined if there is none, it is too large, or an admin did not mark the
 * server as trusted.
 */
export function findResultWidget({ builtin, config }: McpServer, meta: unknown): SentWidget | undefined {
  if (!builtin && !config?.trusted) return undefined
  const sent = (meta as Record<string, unknown> | null | undefined)?.[META]
  if (sent === null || typeof sent !== 'object' || typeof (sent as SentWidget).type !== 'string') return undefined
  return JSON.stringify(sent).length <= MAX_CHARS ? (sent as SentWidget) : undefined
}
