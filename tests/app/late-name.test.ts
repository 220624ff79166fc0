import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchForLateName } from '#app/chat/watch-for-late-name.ts'

let reads: number
beforeEach(() => {
  reads = 0
  vi.useFakeTimers()
})
afterEach(() => void vi.useRealTimers())

const listen = () =>
  watchForLateName(() => {
    reads += 1
  })

test('a new conversation is read once more after its first answer, but not after the next one', () => {
  const { onResponseStart, onThreadChange, onResponseEnd } = listen()
  for (const threadId of ['thr_1', undefined]) {
    onResponseStart()
    if (threadId) onThreadChange(threadId)
    onResponseEnd()
    vi.runAllTimers()
  }
  expect(reads).toBe(1)
})

test('it is read after the next answer if that one already streams', () => {
  const { onResponseStart, onThreadChange, onResponseEnd } = listen()
  onResponseStart()
  onThreadChange('thr_1')
  onResponseEnd()
  onResponseStart()
  vi.runAllTimers()
  expect(reads).toBe(0)
  onResponseEnd()
  vi.runAllTimers()
  expect(reads).toBe(1)
})

test('a conversation that is opened, or left before its answer ends, is not read again', () => {
  const { onResponseStart, onThreadChange, onResponseEnd } = listen()
  onThreadChange('thr_1')
  onResponseStart()
  onResponseEnd()
  onResponseStart()
  onThreadChange('thr_2')
  onResponseEnd()
  onThreadChange(null)
  vi.runAllTimers()
  expect(reads).toBe(0)
})
