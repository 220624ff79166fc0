import type { getLogger } from '@openai/agents'
import { log } from '#lib/platform/log.ts'

/** Routes the SDK's log to ours, without the content of models and tools. */
export const sdkLogger: ReturnType<typeof getLogger> = {
  namespace: 'switchboard',
  debug: () => undefined,
  error: (message) => log.debug({ sdk: message }, 'agents sdk error'),
  warn: (message) => log.debug({ sdk: message }, 'agents sdk warning'),
  dontLogModelData: true,
  dontLogToolData: true,
}
