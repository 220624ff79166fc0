import { z } from 'zod'
import type { Sentence } from '#lib/platform/language/sentences.ts'

const DAY_MS = 86_400_000

/** The periods of a report, in days until today, or this month. Days begin at midnight UTC. */
const PERIODS = { '7d': '7 days', '30d': '30 days', '90d': '90 days', month: 'This month' } as const satisfies Record<
  string,
  Sentence
>
export type UsagePeriodName = keyof typeof PERIODS

/** The period in a page's address. An unknown value counts as 30 days. */
export const UsagePeriodParam = z.enum(Object.keys(PERIODS) as UsagePeriodName[]).catch('30d')

export const USAGE_PERIODS = Object.entries(PERIODS).map(([name, label]) => ({ name: name as UsagePeriodName, label }))

/** The first moment of a period that ends today. */
export function toPeriodStart(period: UsagePeriodName): Date {
  const today = new Date()
  today.setUTCHours(0, 0, 0, 0)
  if (period === 'month') return new Date(today.setUTCDate(1))
  return new Date(today.getTime() - (Number.parseInt(period, 10) - 1) * DAY_MS)
}

/** The days (YYYY-MM-DD, UTC) from a moment until today. */
export function listDays(since: Date): string[] {
  const days: string[] = []
  for (let at = since.getTime(); at <= Date.now(); at += DAY_MS) days.push(new Date(at).toISOString().slice(0, 10))
  return days
}
