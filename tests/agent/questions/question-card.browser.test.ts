import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { closeQuestionCard, makeQuestionCard } from '#lib/agent/questions/question-card.ts'
import { findWords } from '#lib/agent/questions/words/find-words.ts'
import { readServerQuestion, type ServerQuestion } from '#lib/mcp-client/questions/server-question.ts'
import { barriers, elementBrowser, say } from '#tests/support/element/element-browser.ts'
import type { Run } from '#tests/support/element/fake-chatkit.ts'

// The card of a question as Chromium draws it: every kind of field, addresses, and ended cards.

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(answer)
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

const choice = (count: number) => Array.from({ length: count }, (_, n) => ({ const: `v${n}`, title: `Choice ${n}` }))
const ALL = {
  name: { type: 'string', title: 'Your name', minLength: 2, description: 'As it stands in your passport.' },
  story: { type: 'string', title: 'Story', maxLength: 2_000, default: 'It was a dark night.' },
  mail: { type: 'string', title: 'Mail', format: 'email' },
  site: { type: 'string', title: 'Site', format: 'uri' },
  day: { type: 'string', title: 'Day', format: 'date', default: '2026-11-29' },
  at: { type: 'string', title: 'Start', format: 'date-time', default: '2026-11-29T15:00:00Z' },
  seats: { type: 'integer', title: 'Seats', minimum: 1, maximum: 8, default: 2 },
  price: { type: 'number', title: 'Price', minimum: 0 },
  agree: { type: 'boolean', title: 'I agree to the terms', default: true },
  few: { type: 'string', title: 'One of few', oneOf: choice(3), default: 'v1' },
  many: { type: 'string', title: 'One of many', oneOf: choice(12) },
  several: { type: 'array', title: 'Several', minItems: 1, items: { anyOf: choice(3) }, default: ['v0', 'v2'] },
}
const form = (properties: object, required: string[]) => ({
  mode: 'form',
  message: 'Please fill this in, so that I can book the table.',
  requestedSchema: { type: 'object', properties, required },
})
const QUESTIONS: Record<string, object> = {
  all: form(ALL, ['name', 'seats', 'few', 'several']),
  short: form({ name: ALL.name, agree: ALL.agree }, ['name']),
  long: form({ ['x'.repeat(200)]: { type: 'string', title: 'y'.repeat(300), description: 'z '.repeat(200) } }, []),
  address: { mode: 'url', message: 'Pay first.', url: 'https://аррӏе.com/pay' },
  'private address': { mode: 'url', message: 'Sign in first.', url: `http://10.0.0.7:8080/${'a'.repeat(300)}` },
}

async function answer(run: Run, text: string): Promise<void> {
  const [name = '', state = '', locale = 'en'] = text.split('/')
  const at = { thread_id: run.thread.id, created_at: new Date().toISOString() }
  const words = findWords(locale)
  const question = readServerQuestion(QUESTIONS[name]) as ServerQuestion
  const about = {
    id: 'qst_1',
    server: 'restaurant',
    tool: 'book_table',
    question,
    isHeld: true,
    timeZone: 'UTC',
    words,
  }
  const card = makeQuestionCard(about)
  const widget = state === '' ? card : closeQuestionCard(card, words[state as keyof typeof words])
  run.send({ type: 'thread.item.done', item: { type: 'widget', id: `w_${run.id}`, ...at, widget } })
}

const SIZES = { wide: { width: 1_280, height: 900 }, phone: { width: 390, height: 844 } }
const SHOTS = process.env.SCREENSHOTS

test.each(
  Object.entries(SIZES).flatMap(([size, viewport]) =>
    (['light', 'dark'] as const).map((scheme) => [scheme, size, viewport] as const),
  ),
)('every kind of field is drawn within the card and without barriers: %s, %s', async (scheme, size, viewport) => {
  for (const name of [...Object.keys(QUESTIONS), 'short/expired', 'short/lost', 'short/accepted', 'short//ar']) {
    const page = await stage.visit(
      { theme: { colorScheme: scheme }, ...(name.endsWith('ar') && { locale: 'ar' }) },
      { viewport, colorScheme: scheme },
    )
    await page.locator('openai-chatkit').waitFor()
    await page.getByRole('textbox').last().fill(name)
    await page.keyboard.press('Enter')
    const card = page.locator('.w-card')
    await card.waitFor()
    const outside = await card.evaluate((element) => {
      const box = element.getBoundingClientRect()
      return [...element.querySelectorAll('*')]
        .map((node) => node.getBoundingClientRect())
        .filter(({ left, right, width }) => width > 1 && (left < box.left - 1 || right > box.right + 1)).length
    })
    expect([name, outside]).toEqual([name, 0])
    expect(await barriers(page)).toEqual([])
    if (SHOTS) await card.screenshot({ path: `${SHOTS}/${scheme}-${size}-${name.replaceAll('/', '-')}.png` })
    await stage.leave()
  }
})

test('a form is filled in and submitted by the keyboard alone, once its required fields are valid', async () => {
  const page = await stage.visit()
  await say(page, 'short')
  await page.locator('.w-card').waitFor()
  const name = page.getByLabel('Your name')
  await name.focus()
  await page.keyboard.press('Tab')
  await expect.poll(() => page.getByLabel('I agree to the terms').evaluate((box) => box.matches(':focus'))).toBe(true)
  await page.keyboard.press('Space')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect.poll(() => name.evaluate((field) => (field as HTMLInputElement).validity.valueMissing)).toBe(true)
  expect(stage.sent('threads.sync_custom_action')).toEqual([])
  await name.focus()
  await page.keyboard.type('Ada')
  await page.keyboard.press('Enter')
  await expect.poll(() => stage.sent('threads.sync_custom_action').length).toBe(1)
  expect(stage.sent('threads.sync_custom_action')[0]).toMatchObject({
    params: { action: { type: 'question.submit', payload: { question: 'qst_1', values: { f0: 'Ada', f1: false } } } },
  })
})
