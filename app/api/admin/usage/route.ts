import { toPeriodStart, UsagePeriodParam } from '#app/usage/usage-period.ts'
import { route } from '#lib/auth/route.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { exportUsage } from '#lib/data/usage/export-usage.ts'
import { toByteStream } from '#lib/platform/http/byte-stream.ts'

const EXPORTS = { name: 'usage-export', points: 10, seconds: 3_600 }

/** What everybody used of models, as a CSV file. A person who is not an admin gets 404. */
export const GET = route({ session: 'admin', limit: EXPORTS }, async ({ request, caller }) => {
  const period = UsagePeriodParam.parse(new URL(request.url).searchParams.get('period'))
  const since = toPeriodStart(period)
  await recordAudit({ action: 'usage_exported', actorId: caller.userId, detail: { since: since.toISOString() } })
  return new Response(toByteStream(exportUsage(since), 'a download of usage'), {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="usage-${since.toISOString().slice(0, 10)}-${new Date().toISOString().slice(0, 10)}.csv"`,
      'cache-control': 'no-store',
    },
  })
})
