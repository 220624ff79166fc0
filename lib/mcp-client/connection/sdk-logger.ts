import type { getLogger } from '@openai/agents'
import { log } from '#lib/platform/log.ts'

/** The SDK's logger, on our log and without what models and tools said. */
export const sdkLogger: ReturnType<typeof getLogger> = {
  namespace: 'switchboard',
  debug: () => undefined,
  error: (message) => log.debug({ sdk: message }, 'agents sdk error'),
  warn: (message) => log.debug({ sdk: message }, 'agents sdk warning'),
  dontLogModelData: true,
  dontLogToolData: true,
}
