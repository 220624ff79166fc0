import { expect } from 'vitest'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { parseEvents } from '#tests/support/chatkit/chatkit.ts'

// One dialogue with two ChatKit servers, in a form in which the answers can be compared.

/**
 * A server's answer: the events or JSON of a 200. `broken` means that its stream did not reach its
 * end.
 */
export type Told = { status: number; events?: ThreadStreamEvent[]; json?: unknown; broken?: true }
/** Sends one operation. `differs` names the difference that is allowed in its answer. */
export type Ask = (type: string, params: object, differs?: string) => Promise<Told>
/** The requests of a dialogue. `put` uploads the bytes of an announced attachment. */
export type Dialogue = (ask: Ask, put: (id: string) => Promise<void>) => Promise<void>
type Place = { url: string; headers: Record<string, string> }
export type Exchange = { type: string; params: object; differs?: string; told: Told }

/** Has the dialogue with one server. */
export async function record({ url, headers }: Place, dialogue: Dialogue): Promise<Exchange[]> {
  const records: Exchange[] = []
  const plain = namer()
  const ask: Ask = async (type, params, differs) => {
    const response = await fetch(`${url}/api/chatkit`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ type, params }),
    })
    const told = await readTold(response)
    records.push({ type, params, differs, told: plain(told) as Told })
    return told
  }
  const put = async (id: string) => {
    const init = { method: 'PUT', headers: { ...headers, 'content-type': 'application/octet-stream' }, body: 'Hello.' }
    expect((await fetch(`${url}/api/attachments/${id}`, init)).status).toBe(200)
  }
  await dialogue(ask, put)
  return records
}

async function readTold(response: Response): Promise<Told> {
  const { status } = response
  const chunks: Uint8Array[] = []
  let broken = false
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk)
  } catch {
    broken = true
  }
  // The sentence of a refusal belongs to the application in both.
  if (status !== 200) return { status }
  const text = Buffer.concat(chunks).toString('utf8')
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return { status, json: JSON.parse(text) }
  return { status, events: parseEvents(text), ...(broken && { broken }) }
}

/**
 * Gives ids that a server made the same names in both, in order of appearance, and removes times.
 */
function namer(): (told: unknown) => unknown {
  const names = new Map<string, string>()
  const rename = (id: string, prefix: string) => {
    const known =
      names.get(id) ?? `${prefix}#${[...names.values()].filter((name) => name.startsWith(`${prefix}#`)).length + 1}`
    names.set(id, known)
    return known
  }
  return (told) =>
    JSON.parse(JSON.stringify(told), (key, value) => {
      if (key === 'created_at') return Number.isNaN(Date.parse(value)) ? value : undefined
      if (typeof value === 'string') return value.replace(/\b(thr|msg|atc)_[0-9a-z]{8,}/g, rename)
      // Neither server promises an order of keys.
      const isObject = value !== null && typeof value === 'object' && !Array.isArray(value)
      return isObject ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b))) : value
    })
}
