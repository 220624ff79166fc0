import { setTimeout } from 'node:timers/promises'
import type { Model, ModelRequest, ModelResponse, StreamEvent } from '@openai/agents'
import { followPlan, type Step } from '#lib/agent/models/direct/plan.ts'
import { type DirectTurn, readTurn } from '#lib/agent/models/direct/read-turn.ts'
import { readSlashCommand } from '#lib/agent/models/direct/slash-command.ts'
import { newId } from '#lib/platform/ids.ts'

/** Milliseconds between two pieces of an answer, so that streaming is visible. */
const PACE_MS = 8

type StepOf = (turn: DirectTurn) => Step

/** The model's name in a turn that runs without one, because the person calls a tool by name. */
export const DIRECT_NAME = 'direct call'

/**
 * A model that carries out the person's own command, with no other model behind it. `switchedOff`
 * are the names of tools that are off in this conversation.
 */
export function makeDirectModel(switchedOff: readonly string[] = []): Model {
  return makePlanModel((turn) =>
    followPlan(
      readSlashCommand(turn, switchedOff) ?? { say: 'There is no such tool. `/tools` lists those that there are.' },
      turn,
    ),
  )
}

/** A model of the Agents SDK whose every step is computed in this process. */
export function makePlanModel(stepOf: StepOf): Model {
  return {
    getResponse: async (request) => respond(stepOf(readTurn(request))),
    getStreamedResponse: (request) => stream(request, stepOf),
  }
}

async function* stream(request: ModelRequest, stepOf: StepOf): AsyncGenerator<StreamEvent> {
  yield { type: 'response_started' }
  const step = stepOf(readTurn(request))
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
      ? [
          {
            type: 'message',
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'output_text', text: step.say }],
          },
        ]
      : step.calls.map(({ tool, args }) => ({
          type: 'function_call',
          callId: newId('call'),
          name: tool,
          arguments: JSON.stringify(args),
          status: 'completed',
        }))
  return { output, usage: { requests: 1, inputTokens: 0, outputTokens: 0, totalTokens: 0 } as ModelResponse['usage'] }
}
