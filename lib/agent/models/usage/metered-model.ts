import type { Model, ModelRequest, StreamEvent } from '@openai/agents'
import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import { ModelFault } from '#lib/agent/models/openai/failures/turn-failure.ts'
import { RequestMeter, type UsageAccount } from '#lib/agent/models/usage/request-meter.ts'
import { readUsage, UsageCount } from '#lib/agent/models/usage/usage-count.ts'

/**
 * Wraps a model so that each of its requests is checked against the limits of its person before it
 * is sent, and counted when it ends, however it ends. It belongs around each model that a provider
 * answers for, so that a fallback is a request of its own, at its own price. Its requests throw a
 * UsageRefusal instead of being sent.
 */
export function meterModel(inner: Model, offered: OfferedModel, account: UsageAccount): Model {
  return {
    async getResponse(request) {
      const count = new UsageCount(request)
      const meter = await RequestMeter.open(account, offered, count, request.signal)
      try {
        const response = await inner.getResponse(request)
        meter.settle(readUsage(response.usage) ?? count.used, 'done')
        return response
      } catch (error) {
        meter.settle(count.usedDespite(error), 'failed')
        throw error
      }
    },
    getStreamedResponse: (request) => streamMetered(inner, offered, account, request),
  }
}

async function* streamMetered(
  inner: Model,
  offered: OfferedModel,
  account: UsageAccount,
  request: ModelRequest,
): AsyncGenerator<StreamEvent> {
  const { signal } = request
  const count = new UsageCount(request)
  const meter = await RequestMeter.open(account, offered, count, signal)
  // A reader that stops may leave this generator where it stands, so the end is noted here too.
  const onAbort = () => meter.settle(count.used, endOf(signal))
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    for await (const event of inner.getStreamedResponse(request)) {
      count.note(event)
      if (event.type === 'response_done') meter.settle(count.used, 'done')
      else meter.noteOutput(count.output)
      yield event
    }
    meter.settle(count.used, 'done')
  } catch (error) {
    meter.settle(count.usedDespite(error), endOf(signal))
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
    // Nobody reads on.
    meter.settle(count.used, 'stopped')
  }
}

/** How a request ended that did not end by itself. The guard aborts one that is silent with its fault. */
function endOf(signal: AbortSignal | undefined): 'failed' | 'stopped' {
  return signal?.aborted && !(signal.reason instanceof ModelFault) ? 'stopped' : 'failed'
}
