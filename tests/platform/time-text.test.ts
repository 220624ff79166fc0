import { expect, test } from 'vitest'
import { english } from '#app/language/english-translate.ts'
import { chooseClock, toRelativeTime } from '#app/ui/time-text.ts'

const NOW = Date.parse('2026-11-27T12:00:00Z')
const at = (seconds: number) => {
  const moment = NOW + seconds * 1000
  return toRelativeTime(new Date(moment), chooseClock(moment, NOW), english)
}

test.each([
  [-259_200, '3 days ago'],
  [-300, '5 minutes ago'],
  [-5, 'just now'],
  [20, 'just now'],
  [90, 'in 1 minute'],
  [259_200, 'in 3 days'],
])('%i seconds from a clock that may be late: %s', (seconds, words) => expect(at(seconds)).toBe(words))
