import { expireApprovals } from '#lib/agent/approvals/expire-approvals.ts'
import { expireQuestions } from '#lib/agent/questions/expire-questions.ts'
import { deleteOldAuditMonths } from '#lib/data/audit.ts'
import { deleteForGood } from '#lib/data/chat/deleted-conversations.ts'
import { deleteEndedTemporary } from '#lib/data/chat/temporary-conversations.ts'
import { deleteEndedTokens } from '#lib/data/people/personal-tokens.ts'
import { APPROVALS_CHANNEL } from '#lib/data/runs/approvals/approvals.ts'
import { deleteExpiredShares } from '#lib/data/shares/shares.ts'
import { settleLostRequests } from '#lib/data/usage/model-requests.ts'
import { deleteOldRequests } from '#lib/data/usage/old-requests.ts'
import { deleteOldWarnings } from '#lib/data/usage/reserve-request.ts'
import { listen } from '#lib/platform/db/notify.ts'
import { log } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

/** How often (ms) this process looks for what has expired. */
const LOOK_MS = 300_000

const watching = processState('expiry', (): { timer?: NodeJS.Timeout; stopHearing?: () => void } => ({}))

/**
 * Starts looking for approvals and questions that can no longer be answered, for requests to models
 * whose process died, for personal tokens, warnings, counts of use and audited events of long ago, and for conversations
 * whose deletion can no longer be undone: now, every five minutes, and when the database notifies
 * this process.
 * Call it once when the server starts.
 */
export function startExpiry(): void {
  if (watching().timer) return
  const again = () => void expireAll()
  Object.assign(watching(), {
    timer: setInterval(again, LOOK_MS).unref(),
    stopHearing: listen(APPROVALS_CHANNEL, { heard: again, missed: again }),
  })
  again()
}

async function expireAll(): Promise<void> {
  const expiries = {
    approvals: expireApprovals,
    questions: expireQuestions,
    requests: settleLostRequests,
    tokens: deleteEndedTokens,
    warnings: deleteOldWarnings,
    usage: deleteOldRequests,
    audit: deleteOldAuditMonths,
    conversations: deleteForGood,
    shares: deleteExpiredShares,
    temporary: deleteEndedTemporary,
  }
  for (const [what, expire] of Object.entries(expiries))
    await expire().catch((error) => log.warn({ error, what }, 'looking for what has expired failed'))
}
