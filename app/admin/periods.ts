import { z } from 'zod'
import type { Span } from '#lib/data/runs/overview/span.ts'

/** The periods of a list, in hours and in words. */
const PERIODS = {
  '1h': { hours: 1, label: 'Last hour' },
  '24h': { hours: 24, label: 'Last 24 hours' },
  '7d': { hours: 168, label: 'Last 7 days' },
  '30d': { hours: 720, label: 'Last 30 days' },
  '90d': { hours: 2_160, label: 'Last 90 days' },
} as const

export type PeriodName = keyof typeof PERIODS

/** A period in a page's address. An unknown value counts as none. */
export const Period = z
  .enum(Object.keys(PERIODS) as PeriodName[])
  .optional()
  .catch(undefined)

/** The periods as options of a filter menu. */
export const PERIOD_OPTIONS = Object.entries(PERIODS).map(([value, { label }]) => ({
  value: value as PeriodName,
  label,
}))

/** The start of a period that ends now. */
export function startOf(period: PeriodName | undefined): Date | undefined {
  return period && new Date(Date.now() - PERIODS[period].hours * 3_600_000)
}

/** A moment in a page's address, in UTC and to the second: "2026-11-30T14:05:00". An unknown value counts as none. */
export const Moment = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/)
  .refine((text) => !Number.isNaN(Date.parse(`${text}Z`)))
  .optional()
  .catch(undefined)

export const toDate = (moment: string | undefined) => (moment ? new Date(`${moment}Z`) : undefined)

const toMoment = (at: Date) => at.toISOString().slice(0, 19)

/** A span of the overview as its address names it: a period that ends now, or two moments. */
export const SpanQuery = z.object({ range: Period, from: Moment, to: Moment })
export type SpanQuery = z.infer<typeof SpanQuery>

const DEFAULT_PERIOD = '24h'
const LONGEST_MS = PERIODS['90d'].hours * 3_600_000

/**
 * The span that an address names, in whole seconds, and the one of the same length before it. A
 * period ends with the second that is going on. `period` is absent if two moments are given.
 */
export function readSpan({ range, from, to }: SpanQuery): { span: Span; before: Span; period?: PeriodName } {
  const [since, until] = [toDate(from)?.getTime(), toDate(to)?.getTime()]
  if (since !== undefined && until !== undefined && since < until && until - since <= LONGEST_MS)
    return toSpans(since, until)
  const period = range ?? DEFAULT_PERIOD
  const now = (Math.floor(Date.now() / 1000) + 1) * 1000
  return { ...toSpans(now - PERIODS[period].hours * 3_600_000, now), period }
}

function toSpans(since: number, until: number): { span: Span; before: Span } {
  const start = new Date(since)
  return {
    span: { since: start, until: new Date(until) },
    before: { since: new Date(2 * since - until), until: start },
  }
}

/** A span as the filters `from` and `to` of lists. */
export const toSpanFilter = ({ since, until }: Span) => ({ from: toMoment(since), to: toMoment(until) })
