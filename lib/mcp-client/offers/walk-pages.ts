import { ProtocolError } from '@modelcontextprotocol/client'

const PAGES_MAX = 20
const ITEMS_MAX = 500

type Page = { nextCursor?: string | undefined; ttlMs?: unknown }

/**
 * Reads a list page by page: at most 20 pages and 500 items, and no page twice. A list that the
 * server answers with an error of JSON-RPC is empty, because many servers implement only some.
 */
export async function walkPages<P extends Page, T>(
  ask: (params: { cursor?: string }) => Promise<P>,
  itemsOf: (page: P) => T[],
): Promise<{ items: T[]; ttlMs?: number }> {
  const seen = new Set<string>()
  const items: T[] = []
  let ttlMs: number | undefined
  let cursor: string | undefined
  try {
    for (let count = 0; count < PAGES_MAX && items.length < ITEMS_MAX; count += 1) {
      const page = await ask(cursor === undefined ? {} : { cursor })
      items.push(...itemsOf(page))
      if (typeof page.ttlMs === 'number') ttlMs = Math.min(ttlMs ?? page.ttlMs, page.ttlMs)
      cursor = page.nextCursor
      if (cursor === undefined || seen.has(cursor)) break
      seen.add(cursor)
    }
  } catch (error) {
    if (!(error instanceof ProtocolError) || items.length > 0) throw error
  }
  return { items: items.slice(0, ITEMS_MAX), ...(ttlMs !== undefined && { ttlMs }) }
}
