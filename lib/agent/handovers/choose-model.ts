import type { Model } from '@openai/agents'
import { makeWindowedModel } from '#lib/agent/context/window/windowed-model.ts'
import type { TurnFacts } from '#lib/agent/input/instructions.ts'
import type { ReadContext } from '#lib/agent/input/read-context.ts'
import { requireModelFor } from '#lib/agent/models/catalog/models-for.ts'
import { DIRECT_NAME, makeDirectModel } from '#lib/agent/models/direct/plan-model.ts'
import { TurnModel, toFallbackNotice, toLimitsKey } from '#lib/agent/models/turn-model.ts'
import { meterModel } from '#lib/agent/models/usage/metered-model.ts'
import type { OpenTurn } from '#lib/agent/open-turn.ts'
import { TurnLine } from '#lib/agent/stream/turn-line.ts'
import type { ToolsForModel } from '#lib/agent/tools/tools-for-model.ts'
import { makeTurnAccount } from '#lib/agent/turn-account.ts'
import type { AssistantConfig } from '#lib/data/assistants/assistant-config.ts'
import type { RunHandle } from '#lib/runs/run-handle.ts'

/** The model of an assistant: its own, or else the one that the person chose for the thread. */
export async function openAnswering(
  { model, reasoning }: AssistantConfig,
  { person, choice }: ReadContext,
): Promise<TurnModel> {
  if (model !== null) return new TurnModel({ model: await requireModelFor(person, model), reasoning })
  return new TurnModel({ model: choice.model, reasoning: choice.reasoning ?? reasoning })
}

export type ChosenModel = {
  /** What the run's row says of the model that answers now. */
  describe: () => Parameters<RunHandle['report']>[0]
  model: Model
  /** Which tools it takes, if that is not to be found out. */
  takes?: 'all' | 'none'
  /** False for a model that no provider answers for. */
  isOffered: boolean
  lastSignAt: () => number
  /** The model that is asked instead, after a failure before the first word. */
  findFallback?: (error: unknown) => Promise<Model | undefined>
}

/**
 * The model of a turn. One that reads no tool definitions takes all tools. `command` is set for a
 * person's command: the names of the tools that are switched off.
 */
export async function chooseModel(
  command: string[] | false,
  open: OpenTurn,
  assistant: string,
  { answering, forModel }: { answering: TurnModel; forModel: ToolsForModel },
  { person }: ReadContext,
  { timeZone, now }: TurnFacts,
): Promise<ChosenModel> {
  const given = open.context.model
  const line = new TurnLine(open.steps, forModel)
  const lastSignAt = () => line.lastSignAt
  const own = { isOffered: false, lastSignAt }
  if (command)
    return { ...own, describe: () => ({ model: DIRECT_NAME }), model: makeDirectModel(command), takes: 'all' }
  if (given) return { ...own, describe: () => ({ model: 'given' }), model: given }
  const account = makeTurnAccount(open, line, assistant)
  const ask = async () => {
    const model = await answering.open({ person, timeZone, now, line })
    const { current } = answering
    return current.origin === 'demo' ? model : makeWindowedModel(meterModel(model, current, account), current)
  }
  const { origin, capabilities } = answering.current
  return {
    describe: () => answering.describe(),
    model: await ask(),
    ...(origin === 'demo' ? { takes: 'all' } : !capabilities.tools && { takes: 'none' }),
    isOffered: true,
    lastSignAt,
    findFallback: async (error) => {
      const before = answering.current
      if (!(await answering.turnToFallback(error, person))) return undefined
      await forModel.turnTo(toLimitsKey(answering.current))
      open.steps.push((turn) => turn.show(toFallbackNotice(before, answering.current)))
      return ask()
    },
  }
}
