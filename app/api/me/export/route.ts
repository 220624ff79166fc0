import { route } from '#lib/auth/route.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { exportData } from '#lib/data/people/export-data.ts'
import { requireAccount } from '#lib/data/people/users.ts'
import { toByteStream } from '#lib/platform/http/byte-stream.ts'

const EXPORTS = { name: 'export', points: 10, seconds: 3_600 }

export const GET = route({ limit: EXPORTS }, async ({ caller }) => {
  await requireAccount(caller)
  await recordAudit({ action: 'data_exported', actorId: caller.userId, subject: caller.userId })
  return new Response(toByteStream(exportData(caller), 'an export'), {
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': `attachment; filename="switchboard-${new Date().toISOString().slice(0, 10)}.json"`,
      'cache-control': 'no-store',
    },
  })
})
