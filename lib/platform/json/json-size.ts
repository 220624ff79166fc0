import { setImmediate as nextTurn } from 'node:timers/promises'

/** After this many values, or characters of a string, other work gets a turn. */
const SLICE_VALUES = 5_000
const SLICE_CHARS = 262_144

/**
 * The size (bytes) of a value as JSON.stringify writes it. It is counted in slices of a millisecond
 * or two, so that a large value neither blocks the process nor takes memory. Values outside JSON
 * count as JSON.stringify writes them.
 */
export async function measureJson(value: unknown): Promise<number> {
  let bytes = 0
  let seen = 0
  const left: unknown[] = [value]
  while (left.length > 0) {
    const next = left.pop()
    seen += 1
    if (typeof next === 'string') {
      for (let at = 0, end = 0; at < next.length || at === 0; at = end) {
        end = sliceEnd(next, at)
        bytes += Buffer.byteLength(JSON.stringify(next.slice(at, end))) - 2
        seen += ((end - at) * SLICE_VALUES) / SLICE_CHARS
        if (seen >= SLICE_VALUES) seen = await rest()
        if (end === 0) break
      }
      bytes += 2
    } else if (Array.isArray(next)) {
      bytes += 2 + Math.max(0, next.length - 1)
      for (const entry of next) left.push(entry)
    } else if (next !== null && typeof next === 'object') {
      let fields = 0
      for (const key in next) {
        const entry = (next as Record<string, unknown>)[key]
        if (entry === undefined || typeof entry === 'function') continue
        fields += 1
        bytes += Buffer.byteLength(JSON.stringify(key)) + 1
        left.push(entry)
      }
      bytes += 2 + Math.max(0, fields - 1)
    } else bytes += (JSON.stringify(next) ?? 'null').length
    if (seen >= SLICE_VALUES) seen = await rest()
  }
  return bytes
}

// A split surrogate pair would be written as two escapes.
function sliceEnd(text: string, at: number): number {
  const end = Math.min(text.length, at + SLICE_CHARS)
  const last = text.charCodeAt(end - 1)
  return end < text.length && last >= 0xd800 && last <= 0xdbff ? end - 1 : end
}

async function rest(): Promise<number> {
  await nextTurn()
  return 0
}
