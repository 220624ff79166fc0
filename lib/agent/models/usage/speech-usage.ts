import { isCount, UNUSED } from '#lib/agent/models/usage/usage-count.ts'
import type { TokensUsed } from '#lib/data/usage/model-requests.ts'

/** Of speech as providers count it. */
const TOKENS_PER_SECOND = 17
/** Of a recording as browsers make it. */
const BYTES_PER_SECOND = 4_000
const CHARS_PER_TOKEN = 4

/** The usage that a server reported for a recording, in tokens or in seconds; undefined if it did not. */
export function readSpeechUsage(usage: unknown): TokensUsed | undefined {
  const { input_tokens: input, output_tokens: output, seconds } = (usage ?? {}) as Record<string, unknown>
  if (isCount(input) && input > 0 && isCount(output)) return { ...UNUSED, input, output }
  const heard = typeof seconds === 'number' ? Math.ceil(seconds * TOKENS_PER_SECOND) : undefined
  return isCount(heard) && heard > 0 ? { ...UNUSED, input: heard, isEstimated: true } : undefined
}

/** An estimate from the recording's size and, if it is known, its text. */
export function estimateSpeech({ byteLength }: Uint8Array, text?: unknown): TokensUsed {
  const input = Math.ceil((byteLength / BYTES_PER_SECOND) * TOKENS_PER_SECOND)
  const output = typeof text === 'string' ? Math.ceil(text.length / CHARS_PER_TOKEN) : 0
  return { ...UNUSED, input, output, isEstimated: true }
}
