import { createHash, timingSafeEqual } from 'node:crypto'
import { route } from '#lib/auth/route.ts'
import { env } from '#lib/platform/env.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { writeMetrics } from '#lib/platform/metrics/write-metrics.ts'
import { showState } from './show-state.ts'

export const dynamic = 'force-dynamic'

/**
 * The metrics of this process for Prometheus, protected by METRICS_TOKEN. Answers 404 without that
 * setting.
 */
export const GET = route({ session: 'none' }, async ({ request }) => {
  const { METRICS_TOKEN } = env()
  if (!METRICS_TOKEN) throw notFound('This address')
  if (!same(request.headers.get('authorization') ?? '', `Bearer ${METRICS_TOKEN}`))
    throw new AppError('unauthenticated', 'Send METRICS_TOKEN as a bearer token.')
  await showState()
  const { type, text } = await writeMetrics()
  return new Response(text, { headers: { 'content-type': type, 'cache-control': 'no-store' } })
})

function same(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
