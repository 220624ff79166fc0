'use client'

import { useSyncExternalStore } from 'react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { chooseClock, toExactTime, toRelativeTime } from './time-text.ts'

// One clock for all times on the page. It ticks every 30 s while any is shown.
let now = Date.now()
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void) {
  listeners.add(listener)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const each of listeners) each()
  }, 30_000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

const inBrowser = () => () => {}

/**
 * A moment in words ("5 minutes ago"). The exact time in the reader's own zone shows on hover, or
 * beside it with `exact`. `at` is an ISO 8601 text.
 */
export function RelativeTime({ at, exact = false }: { at: string; exact?: boolean }) {
  const t = useTranslate()
  const current = useSyncExternalStore(
    subscribe,
    () => chooseClock(Date.parse(at), now),
    () => Date.now(),
  )
  const zoneKnown = useSyncExternalStore(
    inBrowser,
    () => true,
    () => false,
  )
  const moment = new Date(at)
  const written = toExactTime(moment, t.locale, zoneKnown ? undefined : 'UTC')
  return (
    <time dateTime={at} title={written} suppressHydrationWarning className={exact ? '' : 'whitespace-nowrap'}>
      {exact ? `${written} (${toRelativeTime(moment, current, t)})` : toRelativeTime(moment, current, t)}
    </time>
  )
}
