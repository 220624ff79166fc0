import { mkdirSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { speak } from '#tests/support/element/element-answers.ts'
import {
  answerText,
  barriers,
  composer,
  elementBrowser,
  say,
  sendButton,
} from '#tests/support/element/element-browser.ts'
import type { Run } from '#tests/support/element/fake-chatkit.ts'

// How answers are laid out in a real browser. Screenshots are kept in artifacts/ for people to look
// at.

const WIDE_TABLE = `| ${'Column of some width | '.repeat(12)}\n|${'---|'.repeat(12)}\n| ${'A value that is long | '.repeat(12)}`
const ANSWERS: Record<string, string> = {
  directions:
    'An English paragraph.\n\nפסקה בעברית עם `--flag` בסוף.\n\n- first\n- שני\n\n| A | ב |\n|---|---|\n| one | שתיים |\n\n> اقتباس بالعربية\n\n`npm` استخدم',
  code: 'استخدم `--flag` الآن',
  wide: `${WIDE_TABLE}\n\n\`\`\`ts\nconst line = '${'long '.repeat(60)}'\n\`\`\`\n\n| a | b |\n|---|---|\n| 1 | 2 |`,
  measures: 'It is 10 km to 1 000 000 € or 5 °C; 20 % of 3 MB/s, § 5, € 50 and 7 apples. `10 km` in code.',
  notes: `Said[^1] and also[^long].\n\n${'Filler. '.repeat(40)}\n\n[^1]: A note of 10 km with **bold**.\n[^long]: Another.\n    More of it.`,
  picture: 'Look: ![A cat](https://pictures.example/cat.png) and more.',
  long: `${'A paragraph of some length that fills the conversation. '.repeat(6)}\n\n`.repeat(12),
  ticks:
    'Use `code` and ``a ` b`` here:\n\n```ts\nconst a = `x`\n```\n\n- in a list:\n  ```js\n  let b\n  ```\n\ndone `end`',
}

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  mkdirSync('artifacts', { recursive: true })
  stage = await elementBrowser(async (run, text) => {
    if (text === 'question' || text.startsWith('action')) return putQuestion(run, text)
    const slow = text === 'ticks'
    await speak(run, ANSWERS[text] ?? text, { size: slow ? 1 : 40, ms: slow ? 20 : 0 })
  })
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

/** A card with a question, which its answer replaces, and with a button that stays. */
async function putQuestion(run: Run, text: string): Promise<void> {
  const card = (widget: object) => ({
    type: 'widget',
    id: 'w_question',
    thread_id: run.thread.id,
    created_at: new Date().toISOString(),
    widget: { type: 'Card', ...widget },
  })
  if (text === 'question') {
    const confirm = { label: 'Approve', action: { type: 'approve' } }
    const again = { type: 'Button', label: 'Look again', onClickAction: { type: 'look' } }
    const children = [{ type: 'Text', value: 'May I?' }, again]
    return run.send({ type: 'thread.item.done', item: card({ children, confirm }) })
  }
  if (text.includes('approve'))
    run.send({ type: 'thread.item.replaced', item: card({ children: [{ type: 'Text', value: 'Approved.' }] }) })
  await speak(run, 'As you wish.')
}

async function ask(page: Page, text: string): Promise<void> {
  await say(page, text)
  await sendButton(page).waitFor()
}

/** Screenshots in two sizes and both colour schemes, for people to look at. */
async function shoot(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    for (const width of [900, 390]) {
      await page.setViewportSize({ width, height: 700 })
      await page.screenshot({ path: `artifacts/reading-${name}-${colorScheme}-${width}.png` })
    }
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 900, height: 700 })
}

test('each block, list item and cell has the direction of its own text', async () => {
  const page = await stage.visit()
  await ask(page, 'directions')
  const side = (selector: string, text: string) =>
    page
      .locator(`.md ${selector}`, { hasText: text })
      .last()
      .evaluate((element) => {
        const range = document.createRange()
        range.selectNodeContents(element)
        const [outer, inner] = [element.getBoundingClientRect(), range.getBoundingClientRect()]
        return inner.left - outer.left < outer.right - inner.right ? 'left' : 'right'
      })
  expect(await side('p', 'An English')).toBe('left')
  expect(await side('p', 'פסקה')).toBe('right')
  expect(await side('p', 'اقتباس')).toBe('right')
  expect(await side('p', 'استخدم')).toBe('right')
  expect(await side('li', 'first')).toBe('left')
  expect(await side('li', 'שני')).toBe('right')
  await shoot(page, 'directions')
})

test('inline code runs from left to right in right-to-left text', async () => {
  const page = await stage.visit()
  await ask(page, 'code')
  const [dash, letter] = await answerText(page)
    .locator('code')
    .evaluate((code) =>
      [0, 2].map((at) => {
        const range = document.createRange()
        range.setStart(code.firstChild as Node, at)
        range.setEnd(code.firstChild as Node, at + 1)
        return range.getBoundingClientRect().left
      }),
    )
  expect(dash).toBeLessThan(letter as number)
})

test('a wide table or code block has a shaded edge where it continues, and a narrow one has none', async () => {
  const page = await stage.visit()
  await ask(page, 'wide')
  const boxes = page.locator('.md-table, .md pre')
  expect(await boxes.count()).toBe(3)
  await shoot(page, 'wide')
  const edges = async (at: number) => {
    const box = boxes.nth(at)
    await box.scrollIntoViewIfNeeded()
    const picture = (await box.screenshot()).toString('base64')
    // How much the pixel at each edge differs from one further in.
    return page.evaluate(async (data) => {
      const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(data), (char) => char.charCodeAt(0))]))
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d', {
        willReadFrequently: true,
      }) as OffscreenCanvasRenderingContext2D
      canvas.drawImage(bitmap, 0, 0)
      const light = (x: number) => canvas.getImageData(x, 6, 1, 1).data[1] as number
      return {
        left: Math.abs(light(2) - light(16)) > 8,
        right: Math.abs(light(bitmap.width - 3) - light(bitmap.width - 17)) > 8,
      }
    }, picture)
  }
  for (const at of [0, 1]) {
    expect(await edges(at)).toEqual({ left: false, right: true })
    await boxes.nth(at).evaluate((box) => {
      box.scrollLeft = 300
    })
    expect(await edges(at)).toEqual({ left: true, right: true })
    await boxes.nth(at).evaluate((box) => {
      box.scrollLeft = box.scrollWidth
    })
    expect(await edges(at)).toEqual({ left: true, right: false })
  }
  expect(await edges(2)).toEqual({ left: false, right: false })
})

test('a number stays on one line with its unit on a narrow page, and the text is unchanged', async () => {
  const page = await stage.visit({}, { viewport: { width: 320, height: 700 } })
  await ask(page, 'measures')
  const measures = answerText(page).locator('.measure')
  expect(await measures.allTextContents()).toEqual(['10 km', '1 000 000 €', '5 °C', '20 %', '3 MB/s', '§ 5', '€ 50'])
  const rows = await measures.evaluateAll((all) => all.map((one) => one.getClientRects().length))
  expect(rows).toEqual(rows.map(() => 1))
  expect(await answerText(page).textContent()).toContain(
    '10 km to 1 000 000 € or 5 °C; 20 % of 3 MB/s, § 5, € 50 and 7 apples.',
  )
})

test('a footnote leads to its note and back, and is announced by its number', async () => {
  const page = await stage.visit()
  await ask(page, 'notes')
  const notes = await page.locator('.md-notes li').allTextContents()
  expect(notes.map((note) => note.replaceAll('\n', ''))).toEqual([
    'A note of 10 km with bold.↩',
    'Another.More of it.↩',
  ])
  await shoot(page, 'notes')
  const mark = page.getByRole('button', { name: 'Footnote 2', exact: true })
  await mark.click()
  const focused = () =>
    page.evaluate(() => document.querySelector('openai-chatkit')?.shadowRoot?.activeElement?.outerHTML)
  expect(await focused()).toMatch(/^<li [^>]*data-note="2"/)
  await page.getByRole('button', { name: 'Back to the text of footnote 2' }).click()
  expect(await focused()).toMatch(/^<button [^>]*data-note-ref="2"/)
  expect(await barriers(page)).toEqual([])
})

test('a remote image is not loaded but linked', async () => {
  const page = await stage.visit()
  await ask(page, 'picture')
  const link = page.getByRole('link', { name: 'Image not loaded: A cat' })
  expect(await link.getAttribute('href')).toBe('https://pictures.example/cat.png')
  expect(await link.getAttribute('rel')).toContain('noopener')
  await shoot(page, 'picture')
})

test('backticks never flash while code is being written', async () => {
  const page = await stage.visit()
  await page.evaluate(() => {
    const seen = new Set<string>()
    Object.assign(window, { flashes: seen })
    const root = document.querySelector('openai-chatkit')?.shadowRoot as ShadowRoot
    new MutationObserver(() => {
      for (const message of root.querySelectorAll('.message')) {
        const text = message.textContent?.replaceAll('a ` b', '').replaceAll(/const a = `x?`?/g, '') ?? ''
        if (text.includes('`')) seen.add(text)
      }
    }).observe(root, { childList: true, subtree: true, characterData: true })
  })
  await ask(page, 'ticks')
  expect(await page.evaluate(() => [...(window as never as { flashes: Set<string> }).flashes])).toEqual([])
  expect(await answerText(page).locator('code').allTextContents()).toEqual([
    'code',
    'a ` b',
    'const a = `x`',
    'let b',
    'end',
  ])
})

test('only the conversation scrolls; the chat never slides under its own edge', async () => {
  const page = await stage.visit({}, { viewport: { width: 900, height: 500 } })
  await ask(page, 'long')
  await ask(page, 'long')
  await ask(page, 'end')
  const slid = await page.locator('openai-chatkit').evaluate((element) => {
    const boxes = [...(element.shadowRoot as ShadowRoot).querySelectorAll<HTMLElement>('.root, .root *')]
    // Focus, search and scripts can scroll to content that overflows its box, whatever `overflow`
    // says.
    for (const box of boxes) if (getComputedStyle(box).overflowY !== 'auto') box.scrollTop = 10_000
    return boxes
      .filter((box) => getComputedStyle(box).overflowY !== 'auto' && box.scrollTop > 0 && !box.matches('.sr-only'))
      .map((box) => box.className)
  })
  expect(slid).toEqual([])
  const overhang = await page.locator('openai-chatkit').evaluate((element) => {
    const root = (element.shadowRoot as ShadowRoot).querySelector('.root') as HTMLElement
    return root.scrollHeight - root.clientHeight
  })
  expect(overhang).toBe(0)
  for (const label of await page.locator('.thread .sr-only').all()) await label.evaluate((one) => one.scrollIntoView())
  expect((await page.locator('.header').boundingBox())?.y).toBe(0)
  expect(await page.evaluate(() => document.documentElement.scrollTop + document.body.scrollTop)).toBe(0)
})

test('the focus moves to the composer after Approve, and stays on a button that remains', async () => {
  const page = await stage.visit()
  await ask(page, 'question')
  const focused = () =>
    page.evaluate(() => document.querySelector('openai-chatkit')?.shadowRoot?.activeElement?.outerHTML ?? 'nothing')
  const look = page.getByRole('button', { name: 'Look again' })
  await look.press('Enter')
  await answerText(page).getByText('As you wish.').waitFor()
  await expect.poll(focused).toContain('Look again')
  await page.getByRole('button', { name: 'Approve' }).press('Enter')
  await page.getByText('Approved.', { exact: true }).first().waitFor()
  await expect.poll(focused).toContain('textarea')
  await page.keyboard.type('and')
  expect(await composer(page).inputValue()).toBe('and')
})

test('an action does not take the focus if the person has moved it meanwhile', async () => {
  const page = await stage.visit()
  await ask(page, 'question')
  await page.getByRole('button', { name: 'Approve' }).press('Enter')
  const history = page.getByRole('button', { name: 'Conversation history' })
  await history.focus()
  await answerText(page).getByText('As you wish.').waitFor()
  await sendButton(page).waitFor()
  expect(await history.evaluate((button) => (button.getRootNode() as ShadowRoot).activeElement === button)).toBe(true)
})
