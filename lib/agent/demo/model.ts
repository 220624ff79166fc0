import { setTimeout } from 'node:timers/promises'
import type { Model, ModelRequest, ModelResponse, StreamEvent } from '@openai/agents'
import { readTurn } from '#lib/agent/demo/read-turn.ts'
import { type About, nextStep, type Step } from '#lib/agent/demo/steps.ts'
import { newId } from '#lib/ids.ts'

export const DEMO_NAME = 'demo assistant'

/** Milliseconds between two pieces of an answer, so that it can be seen to stream. */
const PACE_MS = 8

/**
 * The demo assistant: a model of the Agents SDK that runs in this process and understands plain requests about tasks and
 * notes, so that everything around it can be tried without a key. Its tool calls go the way of every model's.
 */
export function demoModel(about: About): Model {
  return {
    getResponse: async (request) => respond(nextStep(readTurn(request), about)),
    getStreamedResponse: (request) => stream(request, about),
  }
}

async function* stream(request: ModelRequest, about: About): AsyncGenerator<StreamEvent> {
  yield { type: 'response_started' }
  const step = nextStep(readTurn(request), about)
  if ('say' in step) {
    for (const delta of step.say.match(/\S*\s*/g)?.filter(Boolean) ?? []) {
      yield { type: 'output_text_delta', delta }
      await setTimeout(PACE_MS, undefined, { signal: request.signal })
    }
  }
  const { output } = respond(step)
  const usage = { inputTokens: 0, outputTokens: 0, totalTokens: 0 }
  yield { type: 'response_done', response: { id: newId('demo'), output, usage } } as StreamEvent
}

function respond(step: Step): ModelResponse {
  const output: ModelResponse['output'] =
    'say' in step
      ? [{ type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: step.say }] }]
      : step.calls.map(({ tool, args }) => ({
          type: 'function_call',
          callId: newId('call'),
          name: tool,
          arguments: JSON.stringify(args),
          status: 'completed',
        }))
  return { output, usage: { requests: 1, inputTokens: 0, outputTokens: 0, totalTokens: 0 } as ModelResponse['usage'] }
}
