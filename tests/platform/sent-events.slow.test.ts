import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { ConnectionError } from '#lib/chatkit/client/api-errors.ts'
import { toEventStream } from '#lib/chatkit/client/event-stream.ts'
import {
  encodeEvent,
  readBodyEvents,
  readEvents,
  readText,
  type SentEvent,
  toEventBody,
} from '#lib/platform/http/sent-events.ts'

afterEach(() => vi.useRealTimers())

async function* textsOf(...texts: string[]) {
  yield* texts
}

async function all<T>(from: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const one of from) list.push(one)
  return list
}

/** A body whose chunks are written one by one. `isCancelled` is true once its reader has left. */
function openBody() {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  let isCancelled = false
  writer.closed.catch(() => {
    isCancelled = true
  })
  return {
    body: readable,
    write: (text: string) => void writer.write(new TextEncoder().encode(text)).catch(() => undefined),
    isCancelled: () => isCancelled,
  }
}

const line = fc.string().map((text) => text.replace(/[\r\n]/g, ' '))
const event = fc.record(
  {
    id: line.map((text) => text.replaceAll('\0', '').trim()).filter(Boolean),
    event: line.map((text) => text.trim()).filter(Boolean),
    data: fc.array(line, { minLength: 1 }).map((lines) => lines.join('\n')),
    retry: fc.nat(),
  },
  { requiredKeys: ['data'] },
)

test('encoded events are read back, however the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event), fc.array(fc.nat(), { maxLength: 20 }), async (events, cuts) => {
      const bytes = new Uint8Array(await new Response(toEventBody(events)).arrayBuffer())
      const at = [...new Set(cuts.map((cut) => (bytes.length ? cut % bytes.length : 0)))].sort((a, b) => a - b)
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          const edges = [0, ...at, bytes.length]
          edges.forEach((edge, index) => {
            controller.enqueue(bytes.subarray(edge, edges[index + 1] ?? edge))
          })
          controller.close()
        },
      })
      const read = await all(readBodyEvents(body))
      const bare = (list: SentEvent[]) => list.map((one) => JSON.parse(JSON.stringify(one)))
      expect(bare(read)).toEqual(bare(events))
    }),
  )
})

test('comments are read in every framing, and a line may end with LF, CRLF or CR', async () => {
  const comments: string[] = []
  const texts = textsOf(': ping\n', ':end\r', '\ndata: {"a":1}\r\n\r\n', 'data: {"b":2}\r\r', ': last\n')
  const events = await all(readEvents(texts, (comment) => void comments.push(comment)))
  expect(events.map(({ data }) => data)).toEqual(['{"a":1}', '{"b":2}'])
  expect(comments).toEqual(['ping', 'end', 'last'])
})

test.each([
  ['data: {"a":1}', ['{"a":1}']],
  ['data: {"a":1}\n', ['{"a":1}']],
  ['data: {"a":1}\r', ['{"a":1}']],
  ['data: {"a":', []],
  ['da', []],
])('the last event may lack its empty line, but an incomplete event is dropped: %j', async (end, expected) => {
  const events = await all(readEvents(textsOf('data: {}\n\n', end)))
  expect(events.map(({ data }) => data)).toEqual(['{}', ...expected])
})

test('an endless event is abandoned at a limit', async () => {
  async function* endless() {
    yield 'data: '
    for (;;) yield 'x'.repeat(10_000_000)
  }
  await expect(all(readEvents(endless()))).rejects.toThrow('exceeded max buffer size')
})

test('a body is cancelled when its reader stops, and when the signal aborts', async () => {
  const left = openBody()
  left.write('one')
  for await (const text of readText(left.body)) {
    expect(text).toBe('one')
    break
  }
  await expect.poll(left.isCancelled).toBe(true)

  const stopped = openBody()
  const stop = new AbortController()
  const reading = all(readText(stopped.body, { signal: stop.signal }))
  stop.abort(new Error('enough'))
  await expect(reading).rejects.toThrow('enough')
  await expect.poll(stopped.isCancelled).toBe(true)
})

test('a stream that has pinged and then falls silent for 50 s is lost; one that never pings is waited for', async () => {
  vi.useFakeTimers()
  const streamOf = (body: ReadableStream<Uint8Array>) => {
    const response = new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    return toEventStream(response, new AbortController().signal)?.events as AsyncGenerator<{ event: unknown }>
  }
  const pinging = openBody()
  const events = streamOf(pinging.body)
  pinging.write(': ping\n')
  const first = events.next()
  await vi.advanceTimersByTimeAsync(49_000)
  pinging.write('data: {"n":1}\n\n')
  expect((await first).value).toMatchObject({ event: { n: 1 } })
  const second = events.next()
  const lost = expect(second).rejects.toThrow(ConnectionError)
  await vi.advanceTimersByTimeAsync(51_000)
  await lost
  // Only a process of its own has no other timers, so this file is among the slow ones.
  expect([pinging.isCancelled(), vi.getTimerCount()]).toEqual([true, 0])

  const quiet = openBody()
  const later = streamOf(quiet.body).next()
  await vi.advanceTimersByTimeAsync(600_000)
  quiet.write('data: {"n":2}\n\n')
  expect((await later).value).toMatchObject({ event: { n: 2 } })
})

test('an event is encoded line by line', () => {
  expect(new TextDecoder().decode(encodeEvent({ id: '7', event: 'note', retry: 100, data: 'a\nb' }))).toBe(
    'id: 7\nevent: note\nretry: 100\ndata: a\ndata: b\n\n',
  )
})
