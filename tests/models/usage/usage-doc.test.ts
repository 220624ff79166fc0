import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { TOKENS_MAX } from '#lib/data/usage/model-requests.ts'
import { RESERVED_MS } from '#lib/data/usage/reserve-request.ts'
import { RequestOutcome, RequestPurpose } from '#lib/generated/prisma/enums.ts'

const page = readFileSync('docs/usage.md', 'utf8').replace(/\s+/g, ' ')
const meter = readFileSync('lib/agent/models/usage/request-meter.ts', 'utf8')
const numberOf = (name: string) => Number(new RegExp(`const ${name} = ([\\d_]+)`).exec(meter)?.[1]?.replaceAll('_', ''))

test('docs/usage.md has the numbers of the code', () => {
  expect(page).toContain(`more than ${TOKENS_MAX.toLocaleString('en')} tokens`)
  expect(page).toContain(`${numberOf('RESERVED_OUTPUT_TOKENS').toLocaleString('en')} tokens of output`)
  expect(page).toContain(`waits up to ${numberOf('BUSY_MAX_MS') / 1_000} s`)
  expect(RESERVED_MS).toBe(60_000)
  expect(page).toContain('end within a minute')
})

test('docs/usage.md names every outcome and purpose', () => {
  for (const outcome of Object.values(RequestOutcome)) expect(page).toContain(outcome)
  const words: Record<RequestPurpose, string> = {
    answer: 'answers',
    title: 'names of conversations',
    summary: 'summaries',
    transcription: 'speech',
    test: 'tests of a model',
  }
  for (const word of Object.values(words)) expect(page).toContain(word)
  expect(Object.keys(words).sort()).toEqual(Object.values(RequestPurpose).sort())
})
