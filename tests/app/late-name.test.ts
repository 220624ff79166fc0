import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { lateName } from '#app/chat/late-name.ts'

let reads: number
beforeEach(() => {
  reads = 0
  vi.useFakeTimers()
})
afterEach(() => void vi.useRealTimers())

const listen = () =>
  lateName(() => {
    reads += 1
  })

test('a conversation is read once more after its first answer, and not after the next one', () => {
  const { onResponseStart, onThreadChange, onResponseEnd } = listen()
  for (const threadId of ['thr_1', undefined]) {
    onResponseStart()
    if (threadId) onThreadChange(threadId)
    onResponseEnd()
    vi.runAllTimers()
  }
  expect(reads).toBe(1)
})

test('it is not read while the next answer streams, but after it', () => {
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

test('one that is opened, or left before that, is not', () => {
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
