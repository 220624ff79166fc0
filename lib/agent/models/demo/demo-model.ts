import type { Model } from '@openai/agents'
import type { About } from '#lib/agent/models/demo/about.ts'
import { planNextStep } from '#lib/agent/models/demo/next-step.ts'
import { makePlanModel } from '#lib/agent/models/direct/plan-model.ts'

export const DEMO_NAME = 'demo assistant'

/**
 * The demo assistant: a model of the Agents SDK that runs in this process and understands plain
 * requests about tasks and notes, so that everything around it can be tried without a key. Its tool
 * calls take the same path as any model's.
 */
export function makeDemoModel(about: About): Model {
  return makePlanModel((turn) => planNextStep(turn, about))
}
