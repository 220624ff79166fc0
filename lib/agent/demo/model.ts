import type { Model } from '@openai/agents'
import type { Person } from '#lib/data/users.ts'
export const DEMO_NAME = 'demo assistant'
export function demoModel(_about: { person: Person; timeZone: string; now: Date }): Model {
  throw new Error('later')
}
