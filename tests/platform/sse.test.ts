import { afterEach, expect, test, vi } from 'vitest'
import { type SseMessage, sseResponse } from '#lib/platform/http/sse.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** A stream that sends `events` and then nothing, until it is cancelled. */
async function* quiet(...events: unknown[]): AsyncGenerator<SseMessage, boolean> {
  for (const event of events) yield { event }
  await new Promise(() => undefined)
  return true
}

test('a silent stream sends a comment at once and every 15 s, without the blank line that would make it a message', async () => {
  vi.useFakeTimers()
  const reader = (sseResponse(quiet({ type: 'hello' })).body as ReadableStream<Uint8Array>).getReader()
  const read = async () => new TextDecoder().decode((await reader.read()).value)
  expect(await read()).toBe(': ping\n')
  expect(await read()).toBe('data: {"type":"hello"}\n\n')
  for (const _ of [1, 2, 3]) {
    const next = read()
    await vi.advanceTimersByTimeAsync(15_000)
    expect(await next).toBe(': ping\n')
  }
})

test('a cancelled stream stops its pings and calls onDetach', async () => {
  const begun = vi.spyOn(globalThis, 'setInterval')
  const ended = vi.spyOn(globalThis, 'clearInterval')
  let left = 0
  const reader = (
    sseResponse(quiet(), {
      onDetach: () => {
        left += 1
      },
    }).body as ReadableStream<Uint8Array>
  ).getReader()
  const [ping] = begun.mock.results
  await reader.cancel()
  expect(left).toBe(1)
  expect(ended).toHaveBeenCalledWith(ping?.value)
})
