import type { Model } from '@openai/agents'
import { toContextLimits } from '#lib/agent/context/window/context-limits.ts'
import type { ReadContext } from '#lib/agent/input/read-context.ts'
import { findModelForUse } from '#lib/agent/models/catalog/models-for.ts'
import { openModel } from '#lib/agent/models/open-model.ts'
import { makeAccount } from '#lib/agent/models/usage/make-account.ts'
import { meterModel } from '#lib/agent/models/usage/metered-model.ts'
import { refuseIfUsedUp } from '#lib/agent/models/usage/request-meter.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import { env } from '#lib/platform/env.ts'

/** The model that summarises for this person. Undefined if none is offered to them. */
export async function openSummaryModel(
  { model: given, run }: TurnContext,
  { person }: ReadContext,
): Promise<{ model: Model; name: string; windowTokens: number; idleMs: number } | undefined> {
  const named = await findModelForUse(person, 'summaries')
  if (!named) return undefined
  const { model: name } = named
  const { windowTokens } = toContextLimits(named)
  const inner =
    given ??
    (await openModel(
      named,
      { person, timeZone: person.timeZone ?? 'UTC', now: new Date() },
      { line: { beforeRetry: () => refuseIfUsedUp(person.id) } },
    ))
  const account = makeAccount({ ownerId: person.id, threadId: run.threadId, runId: run.id, purpose: 'summary' })
  return { model: meterModel(inner, named, account), name, windowTokens, idleMs: env().MODEL_IDLE_TIMEOUT * 1000 }
}
