import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { gates, scriptedAnswer } from '#tests/support/element/element-answers.ts'
import { elementBrowser, say, sendButton } from '#tests/support/element/element-browser.ts'

/** The names of the parts that a page may style. */
const NAMED = readFileSync('docs/chatkit-element.md', 'utf8')
  .split("## Styles of the page's own")[1]
  ?.split('## ')[0]
  ?.split('\n')
  .filter((line) => line.startsWith('| ') && line.includes('`'))
  .flatMap((line) => [...line.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name)) as string[]

const COLOUR = 'rgb(1, 2, 3)'

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(scriptedAnswer)
})
afterAll(() => stage?.close())

/** The parts that are in the element now, each with the outline that the page gives it. */
async function look(page: Page, seen: Map<string, string>): Promise<void> {
  const now = await page.evaluate(() => {
    const parts = document.querySelector('openai-chatkit')?.shadowRoot?.querySelectorAll('[part]') ?? []
    return [...parts].map((one) => [one.getAttribute('part') ?? '', getComputedStyle(one).outlineColor] as const)
  })
  for (const [name, colour] of now) seen.set(name, colour)
}

test('every part that the document names is there, takes a style of the page, and no other is', async () => {
  const seen = new Map<string, string>()
  addThreads()
  const page = await stage.visit({
    disclaimer: { text: 'Check it.' },
    startScreen: { prompts: [{ label: 'Go', prompt: 'go' }] },
    files: '/files',
  })
  await page.evaluate(
    ([names, colour]) => {
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(
        names.map((name) => `openai-chatkit::part(${name}) { outline: 1px solid ${colour} }`).join('\n'),
      )
      document.adoptedStyleSheets = [sheet]
    },
    [NAMED, COLOUR] as const,
  )
  await look(page, seen)

  gates.set('wait', Promise.resolve())
  await open(page, 'all')
  await page.locator('.card').waitFor()
  await page.locator('.scroller').evaluate((box) => box.scrollTo(0, 0))
  await page.locator('.jump').waitFor()
  await look(page, seen)
  await page.getByRole('button', { name: 'Open notes.txt' }).click()
  await page.getByRole('dialog', { name: 'notes.txt' }).waitFor()
  await look(page, seen)
  await page.keyboard.press('Escape')

  let go = () => {}
  gates.set('wait', new Promise((resolve) => (go = resolve as () => void)))
  await say(page, 'late effect')
  await page.locator('.progress').waitFor()
  await look(page, seen)
  go()
  await sendButton(page).waitFor()
  await say(page, 'effect')
  await page.locator('.notice').waitFor()
  await look(page, seen)
  await sendButton(page).waitFor()
  await say(page, 'fail')
  await page.locator('.failure').waitFor()
  await look(page, seen)

  await open(page, 'shut')
  await page.locator('.banner').waitFor()
  await look(page, seen)
  await page.getByRole('button', { name: 'Conversation history' }).click()
  await page.locator('.history-row .icon-button').first().click()
  await page.getByRole('menu').waitFor()
  await look(page, seen)

  expect([...seen.keys()].sort()).toEqual(NAMED.toSorted())
  expect([...seen].filter(([, colour]) => colour !== COLOUR)).toEqual([])
  await stage.leave()
})

const open = (page: Page, id: string) =>
  page.evaluate(
    (thread) => (window as never as { chat: { setThreadId: (id: string) => Promise<void> } }).chat.setThreadId(thread),
    id,
  )

/** A thread with everything that an answer can have, and a closed one. */
function addThreads(): void {
  const at = { thread_id: 'all', created_at: '2026-01-02T12:00:00.000Z' }
  const source = { type: 'url', title: 'The shop', url: 'https://shop.example/milk' }
  const text = 'A line.\n\n'.repeat(40)
  const items = [
    {
      ...{ ...at, type: 'user_message', id: 'q', inference_options: {} },
      content: [{ type: 'input_text', text: 'Hello' }],
      attachments: [{ type: 'file', id: 'atc_1', name: 'notes.txt', mime_type: 'text/plain' }],
    },
    {
      ...{ ...at, type: 'workflow', id: 'wf' },
      workflow: {
        type: 'custom',
        expanded: false,
        tasks: [{ type: 'custom', title: 'a', status_indicator: 'complete' }],
      },
    },
    {
      ...{ ...at, type: 'assistant_message', id: 'a' },
      content: [{ type: 'output_text', text, annotations: [{ type: 'annotation', index: 2, source }] }],
    },
    { ...at, type: 'widget', id: 'w', widget: { type: 'Card', children: [{ type: 'Title', value: 'Milk' }] } },
  ]
  stage.server.uploads.set('atc_1', { method: 'PUT', headers: {}, body: Buffer.from('a note') })
  stage.server.add({ id: 'all', title: 'All', items })
  stage.server.add({ id: 'shut', title: 'Shut', status: { type: 'closed' } })
}
