import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scriptedAnswer } from '#tests/support/element/element-answers.ts'
import { elementBrowser } from '#tests/support/element/element-browser.ts'
import { readPublicTypes } from '#tests/support/element/public-types.ts'
import type { Row } from './row.ts'
import { ROWS } from './rows.ts'

// Every option, method and event of the installed @openai/chatkit, in Chromium. The list is made
// from its types: what a new release adds fails here until a row says what it does.

type Parity = {
  seeBoth: (name: string) => Promise<{ without: unknown; with: unknown; isUsed: boolean }>
  seeValues: (name: string, values: readonly (string | number)[]) => Promise<unknown[]>
}

const { names, values } = readPublicTypes()

let stage: Awaited<ReturnType<typeof elementBrowser>>
let page: Page
beforeAll(async () => {
  stage = await elementBrowser(scriptedAnswer, { page: 'tests/chatkit-element/parity/parity-page.ts' })
  const at = { thread_id: 'thr_old', created_at: new Date().toISOString() }
  const question = (id: string, text: string) => ({
    ...{ ...at, id, type: 'user_message', content: [{ type: 'input_text', text }], attachments: [] },
    inference_options: {},
  })
  const answer = (id: string, text: string) => ({
    ...{ ...at, id, type: 'assistant_message', content: [{ type: 'output_text', text, annotations: [] }] },
  })
  const press = { type: 'press', payload: { n: 1 }, handler: 'client' }
  const widget = { type: 'Card', children: [{ type: 'Button', label: 'Press', onClickAction: press }] }
  stage.server.add({
    id: 'thr_old',
    title: 'Old chat',
    items: [
      question('m_1', 'First question'),
      answer('a_1', 'Use `code`.'),
      { ...at, id: 'w_old', type: 'widget', widget },
    ],
  })
  stage.server.add({
    id: 'thr_long',
    title: 'Long chat',
    items: Array.from({ length: 10 }, (_, n) => [
      question(`q_${n}`, `Question ${n}`),
      answer(`b_${n}`, 'Word. '.repeat(200)),
    ]).flat(),
  })
  page = await stage.visit()
})
afterAll(async () => {
  await stage?.leave()
  await stage?.close()
})

test('every name of the types has a row, and every row a name', () => {
  expect(names.length, 'the types were read').toBeGreaterThan(120)
  expect(Object.keys(ROWS).toSorted()).toEqual(names.toSorted())
})

test.each(Object.keys(ROWS))('%s', async (name) => {
  const row = ROWS[name] as Row
  const seen = await page.evaluate((one) => (window as never as { parity: Parity }).parity.seeBoth(one), name)
  expect(seen).toEqual({ without: row.without, with: row.with, isUsed: true })
  if (!row.inertBecause) expect(seen.with, 'it changes something').not.toEqual(seen.without)
})

describe('values', () => {
  test.each([...values])('%s', async (name, all) => {
    const row = ROWS[name] as Row
    const see = (some: readonly (string | number)[]) =>
      page.evaluate(([one, these]) => (window as never as { parity: Parity }).parity.seeValues(one, these), [
        name,
        some,
      ] as const)
    const seen = await see(all)
    if (row.values?.are === 'drawn') {
      const [ring] = await see(['lucide:no-such-icon'])
      expect(all.filter((value, at) => seen[at] === ring && value !== 'empty-circle')).toEqual([])
    } else expect(new Set(seen).size, JSON.stringify(seen)).toBe(all.length)
  })
})
