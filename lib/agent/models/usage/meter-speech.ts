import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import { RequestMeter, type UsageAccount } from '#lib/agent/models/usage/request-meter.ts'
import { estimateSpeech, readSpeechUsage } from '#lib/agent/models/usage/speech-usage.ts'
import { isUncharged, UNUSED } from '#lib/agent/models/usage/usage-count.ts'

type Heard = { text?: unknown; usage?: unknown }

/**
 * Sends a recording with `ask`, as `meterModel` does with other requests: checked against the limits
 * of its person before, and counted when it ends. Throws what `ask` throws, or a UsageRefusal.
 */
export async function meterSpeech(
  data: Uint8Array,
  ask: () => Promise<Heard>,
  { account, offered, signal }: { account: UsageAccount; offered: OfferedModel; signal?: AbortSignal },
): Promise<Heard> {
  const meter = await RequestMeter.open(account, offered, estimateSpeech(data), signal)
  try {
    const heard = await ask()
    meter.settle(readSpeechUsage(heard.usage) ?? estimateSpeech(data, heard.text), 'done')
    return heard
  } catch (error) {
    meter.settle(isUncharged(error) ? UNUSED : estimateSpeech(data), 'failed')
    throw error
  }
}
