import type { SentCall } from '#lib/agent/models/openai/repair/answer-repair.ts'
import { isObject } from '#lib/agent/models/openai/repair/call-arguments.ts'

type Fields = Record<string, unknown>

const STANDARD = new Set(['type', 'id', 'call_id', 'name', 'arguments', 'status', 'namespace', 'caller', 'created_by'])
const MAX_CALLS = 128

/** A call as it was sent, with the item that contains it. */
type ItemCall = SentCall & { item: Fields }

/**
 * Collects the function calls of a streamed response, for servers whose last event does not list
 * them or whose items lack their arguments.
 */
export class ResponseCalls {
  readonly #items: Fields[] = []
  /** Streamed arguments, by the item's id or index. */
  readonly #texts = new Map<unknown, string>()

  /** Takes an event about a call. Returns false for any other event. */
  take(event: Fields): boolean {
    const { type, item, item_id: id, output_index: index } = event
    if (type === 'response.function_call_arguments.delta' || type === 'response.function_call_arguments.done') {
      const key = id ?? index
      const { delta, arguments: whole } = event
      if (typeof whole === 'string' && whole !== '') this.#texts.set(key, whole)
      else if (typeof delta === 'string') this.#texts.set(key, (this.#texts.get(key) ?? '') + delta)
      return true
    }
    if (!isObject(item) || item.type !== 'function_call') return false
    if (type === 'response.output_item.done' && this.#items.length < MAX_CALLS) {
      const text = this.#texts.get(item.id) ?? this.#texts.get(index)
      const lacks = item.arguments === undefined || item.arguments === null || item.arguments === ''
      this.#items.push(lacks && text !== undefined ? { ...item, arguments: text } : item)
      // The next call may have the same id or index.
      this.#texts.delete(item.id)
      this.#texts.delete(index)
    }
    return true
  }

  /** The calls that the last event lists, or the streamed ones if those are more. */
  settle(listed: Fields[]): ItemCall[] {
    const items = listed.length >= this.#items.length ? listed : this.#items
    return items.map((item, index) => {
      const streamed = this.#items[index]
      const lacks = item.arguments === undefined || item.arguments === null || item.arguments === ''
      const args = lacks && streamed?.name === item.name ? streamed?.arguments : item.arguments
      const extra = Object.entries(item).filter(
        ([key, value]) => !STANDARD.has(key) && value !== null && value !== undefined,
      )
      const name = typeof item.name === 'string' ? item.name : ''
      return { id: item.call_id, name, arguments: args ?? undefined, call: Object.fromEntries(extra), item }
    })
  }
}
