import type { UsageAccount } from '#lib/agent/models/usage/request-meter.ts'
import { type RequestAbout, recordRequests } from '#lib/data/usage/model-requests.ts'
import { withoutRun } from '#lib/platform/db/run-fence.ts'
import { log } from '#lib/platform/log.ts'

/** The account of a request beside or without a turn. Nobody reads its warnings, so it makes none. */
export function makeAccount(about: RequestAbout): UsageAccount {
  return {
    about,
    keep: (request) =>
      void withoutRun(() => recordRequests([request])).catch((error) =>
        log.error({ error }, 'the use of a model was not kept'),
      ),
  }
}
