import {
  type Agent,
  type AgentInputItem,
  RunContext,
  RunState,
  type RunToolApprovalItem,
  run as runAgent,
} from '@openai/agents'
import { describeMissingTool } from '#lib/agent/models/openai/repair/answer-repair.ts'
import type { Decision } from '#lib/agent/tools/call-review.ts'

const MAX_MODEL_CALLS = 16
const MAX_PARALLEL_TOOLS = 16

type Options = {
  signal: AbortSignal
  /** What the model is told instead of the result of a call that cannot be made. */
  whyUnmakeable: (callId: string) => string | undefined
  /**
   * Called with the reason if the run ends without an answer: the model refused, or it called tools
   * beyond the limit of model calls.
   */
  onEnd: (error: unknown) => void
}

/**
 * Starts a run of the agent from the model's input, or resumes it from a state. A run makes at most
 * 16 calls of the model, and runs at most 16 tools at once. An end without an answer goes to
 * `onEnd` and is not thrown, so that nothing is lost.
 */
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

/**
 * Carries out what is decided about the calls for which the SDK interrupted a run. Resolves to true
 * if any was, so that the run has to go on.
 */
export async function applyDecisions<Context>(
  state: RunState<Context, Agent<Context>>,
  decide: (item: RunToolApprovalItem) => Promise<Decision | undefined>,
): Promise<boolean> {
  let isDecided = false
  for (const item of state.getInterruptions()) {
    const decision = await decide(item)
    if (!decision) continue
    isDecided = true
    if (decision.isApproved) state.approve(item)
    else state.reject(item, { message: decision.message })
  }
  return isDecided
}

/** Restores a stored state. Everything else is new: the caller, the time, the tools. */
export async function restoreAgent<Context>(
  agent: Agent<Context>,
  stored: string,
  context: Context,
): Promise<RunState<Context, Agent<Context>>> {
  return RunState.fromStringWithContext(agent, stored, new RunContext(context), { contextStrategy: 'replace' })
}
