/**
 * One signal of a stream: a parsed event with its number if it has one, a sign of life (a comment
 * line such as `: ping`), or the server's statement that the stream is complete (`: end`).
 */
export type SseSignal = { event: unknown; seq: number | null } | { alive: true } | { complete: true }

/**
 * Reads a server-sent event stream of JSON messages. Lines may end in LF, CRLF or CR, a message may
 * have several data lines, and a character may be split across two chunks. Empty and invalid
 * messages are skipped, since a later one may be valid. Throws what the body throws (a lost
 * connection).
 */
export async function* readSse(body: ReadableStream<Uint8Array>): AsyncGenerator<SseSignal> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  let data: string[] = []
  let seq: number | null = null
  try {
    while (true) {
      const { done, value } = await reader.read()
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true })
      // A CR at the very end may be half of a CRLF, so it waits for the next chunk.
      const lines = rest.split(done ? /\r\n|\n|\r/ : /\r\n|\n|\r(?!$)/)
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5))
        else if (line.startsWith('id:')) seq = Number(line.slice(3)) || null
        else if (line.startsWith(':')) yield line === ': end' ? { complete: true } : { alive: true }
        else if (line === '') {
          const event = parse(data)
          if (event !== undefined) yield { event, seq }
          data = []
          seq = null
        }
      }
      if (done) {
        const event = parse(data)
        if (event !== undefined) yield { event, seq }
        return
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

function parse(data: string[]): unknown {
  if (!data.length) return undefined
  try {
    return JSON.parse(data.join('\n'))
  } catch {
    return undefined
  }
}
