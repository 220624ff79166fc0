import { route } from '#lib/auth/route.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { exportData } from '#lib/data/people/export-data.ts'
import { requireAccount } from '#lib/data/people/users.ts'
import { log } from '#lib/platform/log.ts'

const EXPORTS = { name: 'export', points: 10, seconds: 3_600 }

export const GET = route({ limit: EXPORTS }, async ({ caller }) => {
  await requireAccount(caller)
  await recordAudit({ action: 'data_exported', actorId: caller.userId, subject: caller.userId })
  return new Response(asStream(exportData(caller)), {
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': `attachment; filename="switchboard-${new Date().toISOString().slice(0, 10)}.json"`,
      'cache-control': 'no-store',
    },
  })
})

/**
 * Text as a stream of bytes. Each piece is read from the database only after the client took the
 * one before.
 */
function asStream(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const next = await pieces.next()
          if (next.done) controller.close()
          else controller.enqueue(encoder.encode(next.value))
        } catch (error) {
          log.error({ error }, 'an export was cut off')
          controller.error(error)
        }
      },
      async cancel() {
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
