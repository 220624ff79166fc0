import { type Agent, type AgentInputItem, RunContext, RunState, run as runAgent } from '@openai/agents'
import { describeMissingTool } from '#lib/agent/models/openai/repair/answer-repair.ts'

const MAX_MODEL_CALLS = 16
const MAX_PARALLEL_TOOLS = 16

type Options = {
  signal: AbortSignal
  /** What the model is told of a call that cannot be made. */
  whyUnmakeable: (callId: string) => string | undefined
  /** Told why the run ended without an answer: the model refused, or called tools without an end. */
  onEnd: (error: unknown) => void
}

/** Starts a run of the agent from the model's input, or goes on from a state. Ends of the run are told, not thrown, so that nothing is lost. */
export function startAgent<Context>(
  agent: Agent<Context>,
  from: AgentInputItem[] | RunState<Context, Agent<Context>>,
  context: Context,
  { signal, whyUnmakeable, onEnd }: Options,
) {
  return runAgent(agent, from, {
    stream: true,
    context,
    signal,
    maxTurns: MAX_MODEL_CALLS,
    toolNotFoundBehavior: 'return_error_to_model',
    toolErrorFormatter: ({ toolName, callId }) => whyUnmakeable(callId) ?? describeMissingTool(toolName),
    toolExecution: { maxFunctionToolConcurrency: MAX_PARALLEL_TOOLS },
    errorHandlers: {
      default: ({ error }) => {
        onEnd(error)
        return { finalOutput: '', includeInHistory: false }
      },
    },
  })
}

/** A stored state with everything else made anew: who calls, what the time is, which tools there are. */
export async function restoreAgent<Context>(
  agent: Agent<Context>,
  stored: string,
  context: Context,
): Promise<RunState<Context, Agent<Context>>> {
  const state = await RunState.fromStringWithContext(agent, stored, new RunContext(context), {
    contextStrategy: 'replace',
  })
  // A call that was denied is let through to where it is refused, so that ledger, chat and model hear the same.
  for (const item of state.getInterruptions()) state.approve(item)
  return state
}
