import { z } from 'zod'

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
