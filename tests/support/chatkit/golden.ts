import { readFileSync } from 'node:fs'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'

/**
 * One recorded request to the Python server and its result: events, JSON, or the exception that was
 * raised.
 */
export type Exchange = {
  scenario: string
  request: { type?: string; params: Record<string, unknown> }
  events: ThreadStreamEvent[]
  json?: unknown
  raised?: string
}

/** The exchanges of tests/golden/chatkit-wire.txt, in order. */
export function readGolden(): Exchange[] {
  const exchanges: Exchange[] = []
  let scenario = ''
  for (const line of readFileSync(new URL('../../golden/chatkit-wire.txt', import.meta.url), 'utf8').split('\n')) {
    const current = exchanges.at(-1)
    if (line.startsWith('### ')) scenario = line.slice(4)
    else if (line.startsWith('>>> ')) exchanges.push({ scenario, request: JSON.parse(line.slice(4)), events: [] })
    else if (!current || current.scenario !== scenario) continue
    else if (line.startsWith("b'") || line.startsWith('b"'))
      current.events.push(JSON.parse(bytesOf(line).replace(/^data: /, '')))
    else if (line.startsWith('JSON ')) current.json = JSON.parse(line.slice(5))
    else if (/raised/.test(line)) current.raised = line
  }
  return exchanges
}

/** The text of a Python bytes literal. */
function bytesOf(literal: string): string {
  const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t' }
  const binary = literal
    .slice(2, -1)
    .replace(/\\(x[0-9a-f]{2}|.)/g, (_, code: string) =>
      code.length === 3 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (escapes[code] ?? code),
    )
  return Buffer.from(binary, 'latin1').toString('utf8')
}
