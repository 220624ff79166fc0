import { onTestFinished } from 'vitest'
import { processStates } from '#tests/support/process-states.ts'

/** Changes settings for the rest of this test. Undefined unsets one. */
export function withSettings(settings: Record<string, string | undefined>): void {
  const before = Object.fromEntries(Object.keys(settings).map((name) => [name, process.env[name]]))
  put(settings)
  onTestFinished(() => put(before))
}

function put(settings: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  processStates().delete('env')
}
