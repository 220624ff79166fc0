import type { AgentInputItem } from '@openai/agents'

type Marked = { providerData?: Record<string, unknown>; id?: unknown }

/** The field in which an item of a run says which server and model it came from. */
const ORIGIN = 'switchboard_origin'
const IS_MARKED = new Set(['reasoning', 'function_call', 'message'])

/** The item of an answer, marked with where it came from. */
export function markOrigin<Item extends { type?: string; providerData?: Record<string, unknown> | undefined }>(
  item: Item,
  origin: string,
): Item {
  if (!IS_MARKED.has(item.type ?? '')) return item
  return { ...item, providerData: { ...item.providerData, [ORIGIN]: origin } }
}

/**
 * The items as the server and model of `origin` may get them. Another one's thoughts are left out,
 * because they are sealed for their maker, and so are its ids, which are not known here. Without the
 * marks, which no server knows.
 */
export function fitToOrigin(items: AgentInputItem[], origin: string): AgentInputItem[] {
  return items.flatMap((item) => {
    const { providerData, ...rest } = item as AgentInputItem & Marked
    if (!providerData || !(ORIGIN in providerData)) return [item]
    const { [ORIGIN]: from, ...other } = providerData
    const data = Object.keys(other).length > 0 ? { providerData: other } : {}
    if (from === origin) return [{ ...rest, ...data } as AgentInputItem]
    if (item.type === 'reasoning') return []
    const { id: _, ...withoutId } = rest as Marked
    return [{ ...withoutId, ...data } as AgentInputItem]
  })
}
