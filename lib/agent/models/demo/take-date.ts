import * as chrono from 'chrono-node'
import type { About } from '#lib/agent/models/demo/about.ts'

/** A date found in a text: the text without it, and the day or time on the person's own clock. */
export type Dated = { rest: string; due?: string }

const PREPOSITION = /(?:^|\s)(?:on|by|at|until|till|before|due|for|this|from|starting)\s*$/i
const SHORT_DAY = /^(?:sun|mon|tue|wed|thu|fri|sat|second|may|march)$/i

/**
 * Takes the date out of "call Ann on Friday at 3". A word that only looks like a date ("sun cream")
 * stays.
 */
export function takeDate(text: string, { timeZone, now }: Pick<About, 'timeZone' | 'now'>): Dated {
  const found = chrono.casual.parse(
    text,
    { instant: now, timezone: offsetMinutes(now, timeZone) },
    { forwardDate: true },
  )
  const result = found.findLast((candidate) => isMeant(text, candidate))
  if (!result) return { rest: text }
  const { start } = result
  const two = (value: number | null) => String(value ?? 0).padStart(2, '0')
  const day = `${start.get('year')}-${two(start.get('month'))}-${two(start.get('day'))}`
  const due = start.isCertain('hour') ? `${day}T${two(start.get('hour'))}:${two(start.get('minute'))}` : day
  const before = withoutSign(text.slice(0, result.index).trimEnd())
  const after = text.slice(result.index + result.text.length).replace(/^\s*\)?\s*[,:]?\s*/, '')
  const rest = [withoutPreposition(before), after].filter(Boolean).join(' ').trim()
  return { rest, due }
}

// Not a regular expression, which would take quadratic time for many blanks.
function withoutSign(text: string): string {
  return /[,(]$/.test(text) ? text.slice(0, -1).trimEnd() : text
}

function withoutPreposition(text: string): string {
  const shorter = text.replace(PREPOSITION, '').trim()
  return shorter === text ? text : withoutPreposition(shorter)
}

function isMeant(text: string, { index, text: match, start }: chrono.ParsedResult): boolean {
  if (!start.isCertain('day') && !start.isCertain('weekday') && !start.isCertain('hour')) return false
  const led = PREPOSITION.test(text.slice(0, index))
  if (SHORT_DAY.test(match)) return led
  const atEdge = index === 0 || /^[\s.!?)]*$/.test(text.slice(index + match.length))
  return led || atEdge || /\d|tomorrow|today|tonight|next/i.test(match)
}

function offsetMinutes(now: Date, timeZone: string): number {
  const name = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' })
    .formatToParts(now)
    .find(({ type }) => type === 'timeZoneName')
  const [, sign, hours = '0', minutes = '0'] = /([+-])(\d\d):(\d\d)/.exec(name?.value ?? '') ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

/** The person's current day plus some days: "2026-11-27". */
export function toLocalDay({ timeZone, now }: Pick<About, 'timeZone' | 'now'>, plusDays = 0): string {
  const day = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(
    now,
  )
  return new Date(Date.parse(`${day}T00:00:00Z`) + plusDays * 86_400_000).toISOString().slice(0, 10)
}

/** A due date for people: "today", "tomorrow at 15:00", "Friday, 27 November". */
export function sayDue(due: string, about: Pick<About, 'timeZone' | 'now'>): string {
  const [day = '', time] = due.split('T')
  const near =
    day === toLocalDay(about)
      ? 'today'
      : day === toLocalDay(about, 1)
        ? 'tomorrow'
        : day === toLocalDay(about, -1)
          ? 'yesterday'
          : undefined
  const sameYear = day.slice(0, 4) === toLocalDay(about).slice(0, 4)
  const far = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'UTC',
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(!sameYear && { year: 'numeric' }),
  }).format(new Date(`${day}T00:00:00Z`))
  return [near ?? far, time && `at ${time}`].filter(Boolean).join(' ')
}
