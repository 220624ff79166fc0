import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { gates, speak } from '#tests/support/element/element-answers.ts'
import { barriers, elementBrowser, say, sendButton } from '#tests/support/element/element-browser.ts'
import type { Run } from '#tests/support/element/fake-chatkit.ts'

const TS = 'const greet = (name: string) => [`Hello`, name] // hi'
const DOT =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const ROWS = Array.from({ length: 5_000 }, (_, at) => `| ${at} | x${at} |`).join('\n')

const ANSWERS: Record<string, string> = {
  code: `\`\`\`ts\n${TS}\n\`\`\`\n\n\`\`\`diff\n-old line\n+new line\n\`\`\`\n\n\`\`\`klingon\nqapla\n\`\`\``,
  maths:
    'It costs $5 or $7. \\(x^2\\) and $$\\frac{1}{2}$$.\n\n\\[\n\\sum_{i=1}^{n} i\n= x\n- y\n\\]\n\n' +
    '\\(\\href{javascript:hacked}{x}\\) \\(\\includegraphics{https://evil.example/x.png}\\) \\(\\frac{broken\\) ' +
    '\\(\\def\\a{\\a\\a}\\a\\) \\(\\style{background:url(https://evil.example/y)}{x}\\) The end.',
  diagram: '```mermaid\nflowchart LR\n  A[Start] --> B[End]\n```\n\n```mermaid\nno diagram\n```',
  table: '| Name | Sum |\n|---|--:|\n| **a**, "b" | 5 |\n| =cmd() | -3.5 |\n| x<br>y & z | `c` |',
  long: `| No | Name |\n|---|---|\n${ROWS}`,
  html: '<details>\n<summary>More **here**</summary>\n\n- one\n\n```js\nlet a\n```\n\n</details>\n\n<kbd>K</kbd> H<sub>2</sub>O',
  picture: `![A dot](${DOT})`,
}

/** What an answer says before and after its gate opens. */
const GROWING = {
  before: 'A finished paragraph with \\(x^2\\).\n\n```ts\nconst first = 1\n',
  after: 'const second = 2\n```\n\nThe formula \\(y^2\\) and\n\n| a |\n|---|\n| 1 |\n\nThe end.',
}

const HOSTILE = [
  `${'> '.repeat(3_000)}deep quote`,
  `${'- '.repeat(3_000)}deep list`,
  '['.repeat(20_000),
  '!['.repeat(20_000),
  '**a *b '.repeat(10_000),
  'https://a.b/c '.repeat(20_000),
  `${'a'.repeat(50_000)}@`,
  '\\[ a\n'.repeat(10_000),
  '$$a '.repeat(20_000),
  '<details>\n\n'.repeat(1_000),
  '\\(x_1\\) '.repeat(3_000),
  `\\(${'{'.repeat(1_400)}${'}'.repeat(1_400)}\\)`,
  `\\(${'\\sqrt{'.repeat(400)}x${'}'.repeat(400)}\\)`,
  `\`\`\`ts\n${'(('.repeat(20_000)}\n\`\`\``,
  `|${'a|'.repeat(3_000)}\n|${'-|'.repeat(3_000)}\n${'|1'.repeat(3_000)}`,
]

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(async (run, text) => {
    if (text === 'grow') return grow(run)
    const hostile = /^hostile (\d+)$/.exec(text)?.[1]
    const said = hostile ? `${HOSTILE[Number(hostile)]}\n\nThe end.` : (ANSWERS[text] ?? text)
    await speak(run, said, { size: 50_000 })
  })
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

/** Half an answer, and the rest once its gate is open. */
async function grow(run: Run): Promise<void> {
  const { before, after } = GROWING
  const item = {
    type: 'assistant_message',
    id: 'grown',
    thread_id: run.thread.id,
    created_at: new Date().toISOString(),
  }
  const say = (delta: string) =>
    run.send({
      type: 'thread.item.updated',
      item_id: item.id,
      update: { type: 'assistant_message.content_part.text_delta', content_index: 0, delta },
    })
  run.send({ type: 'thread.item.added', item: { ...item, content: [] } })
  say(before)
  await gates.get('grow')
  for (let at = 0; at < after.length; at += 6) {
    say(after.slice(at, at + 6))
    await run.pause(5)
  }
  const content = [{ type: 'output_text', text: before + after, annotations: [] }]
  run.send({ type: 'thread.item.done', item: { ...item, content } })
}

/** Opens a page, asks, and waits for the end of the answer. */
async function ask(text: string, options: object = {}): Promise<Page> {
  const page = await stage.visit(options, { permissions: ['clipboard-read', 'clipboard-write'] })
  await say(page, text)
  await page.locator('.turn .answer').waitFor()
  await sendButton(page).waitFor()
  return page
}

const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText())

test('code is coloured, can be wrapped, and is copied as it is; a diff marks its lines; unknown code is plain', async () => {
  const page = await ask('code')
  const code = page.locator('.code').first()
  await expect.poll(() => code.locator('.hljs-keyword').first().textContent()).toBe('const')
  expect(await code.locator('code').textContent()).toBe(TS)
  const [keyword, text] = await Promise.all(
    ['.hljs-keyword', 'code'].map((part) =>
      code
        .locator(part)
        .first()
        .evaluate((element) => getComputedStyle(element).color),
    ),
  )
  expect(keyword).not.toBe(text)
  expect(await page.locator('.hljs-addition').textContent()).toBe('+new line')
  expect(await page.locator('.hljs-deletion').textContent()).toBe('-old line')
  expect(await page.locator('.code').last().locator('code').innerHTML()).toBe('qapla')
  const wrap = code.getByRole('button', { name: 'Wrap lines' })
  await wrap.click()
  expect(await wrap.getAttribute('aria-pressed')).toBe('true')
  expect(await code.locator('code').evaluate((element) => getComputedStyle(element).whiteSpace)).toBe('pre-wrap')
  await code.getByRole('button', { name: 'Copy code' }).click()
  await code.getByRole('button', { name: 'Copied' }).waitFor()
  expect(await clipboard(page)).toBe(TS)
  await expect.poll(() => barriers(page)).toEqual([])
})

test('formulas become MathML with their TeX; money, broken TeX and commands that reach out stay text', async () => {
  const page = await ask('maths')
  await expect.poll(() => page.locator('.maths math').count()).toBe(3)
  expect(await page.locator('.maths.is-display math').count()).toBe(2)
  expect(await page.locator('math annotation').first().textContent()).toBe('x^2')
  expect(await page.locator('math mfrac').count()).toBe(1)
  const text = (await page.locator('.md').textContent()) ?? ''
  expect(text).toContain('It costs $5 or $7. ')
  for (const source of ['\\(\\href{', '\\(\\includegraphics{', '\\(\\frac{broken\\)', '\\(\\def\\a', '\\(\\style{'])
    expect(text).toContain(source)
  expect(await page.locator('.md').locator('a, img, [href], [src], [id]').count()).toBe(0)
  await expect.poll(() => barriers(page)).toEqual([])
})

test('a diagram is drawn on request in a frame that reaches nothing, opens large, and shows its source again', async () => {
  const page = await ask('diagram')
  const frames: string[] = []
  page.on('frameattached', (frame) => {
    void frame
      .frameElement()
      .then(async (element) => frames.push((await element.getAttribute('sandbox')) ?? ''))
      .catch(() => undefined)
  })
  const [good, bad] = [page.locator('.code').first(), page.locator('.code').last()]
  await good.getByRole('button', { name: 'Show diagram' }).click()
  const picture = good.getByRole('img', { name: 'Diagram' })
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(50)
  const svg = decodeURIComponent((await picture.getAttribute('src')) ?? '')
  expect(svg).toMatch(/^data:image\/svg\+xml.*<svg[^>]*>.*Start.*End/s)
  expect(frames).toEqual(['allow-scripts'])
  expect(await page.locator('iframe').count()).toBe(0)
  expect(await good.locator('pre').isVisible()).toBe(false)
  await good.getByRole('button', { name: 'Open Diagram' }).click()
  await page.getByRole('dialog', { name: 'Diagram' }).waitFor()
  await page.keyboard.press('Escape')
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
  await good.getByRole('button', { name: 'Show source' }).click()
  expect(await good.locator('pre').innerText()).toContain('A[Start] --> B[End]')
  await bad.getByRole('button', { name: 'Show diagram' }).click()
  await bad.getByText('This diagram could not be drawn').waitFor()
  expect(await bad.locator('pre').isVisible()).toBe(true)
  await expect.poll(() => barriers(page)).toEqual([])
})

test('a table is copied as CSV in which nothing is a formula', async () => {
  const page = await ask('table')
  await page.getByRole('button', { name: 'Copy as CSV' }).click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  expect(await clipboard(page)).toBe('Name,Sum\r\n"a, ""b""",5\r\n\'=cmd(),-3.5\r\n"x\ny & z",c')
})

test('a table of 5,000 rows is shown in steps and copied whole', async () => {
  const page = await ask('long')
  expect(await page.locator('.md tbody tr').count()).toBe(200)
  await page.getByRole('button', { name: 'Show more rows (4800 left)' }).click()
  expect(await page.locator('.md tbody tr').count()).toBe(400)
  await page.getByRole('button', { name: 'Copy as CSV' }).click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  expect((await clipboard(page)).split('\r\n')).toHaveLength(5_001)
})

test('details open and hold Markdown, and kbd, sub and sup are shown', async () => {
  const page = await ask('html')
  const details = page.locator('.md details')
  expect(await details.getByRole('listitem').isVisible()).toBe(false)
  await details.getByText('More here').click()
  expect(await details.getByRole('listitem').isVisible()).toBe(true)
  expect(await details.locator('summary strong').textContent()).toBe('here')
  expect(await details.locator('.code').count()).toBe(1)
  expect(await page.locator('.md kbd').textContent()).toBe('K')
  expect(await page.locator('.md sub').textContent()).toBe('2')
  await expect.poll(() => barriers(page)).toEqual([])
})

test('a picture opens large by keyboard, and the focus returns to it', async () => {
  const page = await ask('picture')
  const picture = page.getByRole('button', { name: 'Open A dot' })
  await picture.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'A dot' }).waitFor()
  await page.keyboard.press('Escape')
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
  expect(await picture.evaluate((button) => (button.getRootNode() as ShadowRoot).activeElement === button)).toBe(true)
})

test('while an answer grows, finished blocks and coloured lines are left alone', async () => {
  let open = () => {}
  gates.set('grow', new Promise((resolve) => (open = resolve as () => void)))
  const page = await stage.visit()
  await say(page, 'grow')
  await page.locator('.maths math').waitFor()
  await page.locator('.hljs-keyword').waitFor()
  await page.evaluate(() => {
    const root = document.querySelector('openai-chatkit')?.shadowRoot
    const [paragraph, block] = root?.querySelectorAll('.md-block') ?? []
    const line = block?.querySelector('.hljs-keyword')
    const watched = { mutations: 0, isSameCode: () => false, isSameLine: () => false }
    new MutationObserver((records) => (watched.mutations += records.length)).observe(paragraph as Element, {
      subtree: true,
      childList: true,
      characterData: true,
    })
    const code = block?.querySelector('code')
    watched.isSameCode = () => code?.isConnected === true
    watched.isSameLine = () => line?.isConnected === true
    Object.assign(window, { watched })
  })
  open()
  await page.locator('.md').getByText('The end.').waitFor()
  await expect.poll(() => page.locator('.hljs-keyword').count()).toBe(2)
  await expect.poll(() => page.locator('.maths math').count()).toBe(2)
  const verdict = await page.evaluate(() => {
    const { watched } = window as never as {
      watched: { mutations: number; isSameCode: () => boolean; isSameLine: () => boolean }
    }
    return { mutations: watched.mutations, code: watched.isSameCode(), line: watched.isSameLine() }
  })
  expect(verdict).toEqual({ mutations: 0, code: true, line: true })
  expect(await page.locator('.code code').textContent()).toBe('const first = 1\nconst second = 2')
})

test('answers that are made to take for ever are shown, and the page goes on', { timeout: 180_000 }, async () => {
  const page = await stage.visit()
  for (const at of HOSTILE.keys()) {
    await say(page, `hostile ${at}`)
    await expect
      .poll(() => page.locator('.md').getByText('The end.').count(), { message: `hostile ${at}` })
      .toBe(at + 1)
    await sendButton(page).waitFor()
  }
  expect(await page.getByText('This content cannot be shown.').count()).toBe(0)
})
