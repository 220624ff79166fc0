import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { makeContentSecurityPolicy } from '#lib/platform/http/security-headers.ts'
import { speak } from '#tests/support/element/element-answers.ts'
import { elementBrowser, say, sendButton } from '#tests/support/element/element-browser.ts'

const ANSWER =
  'Some **bold** \\(x^2\\).\n\n```ts\nconst a = 1\n```\n\n```mermaid\nflowchart LR\n  A[Start] --> B[End]\n```'

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser((run) => speak(run, ANSWER))
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

async function answer(page: Page): Promise<void> {
  await say(page, 'Hello')
  await page.locator('.turn .answer').waitFor()
  await sendButton(page).waitFor()
}

/** A page of its own that embeds the element, at `origin`, and what the browser complains about in it. */
async function embed(origin: string, { script = '/chatkit.js', policy = '', nonce = '' }) {
  const page = await (await stage.visit()).context().newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  const html = [
    `<!doctype html><html lang="en"><title>Embedded</title><style nonce="${nonce}">openai-chatkit { height: 100dvh }</style>`,
    `<openai-chatkit></openai-chatkit><script nonce="${nonce}" src="${script}"></script><script nonce="${nonce}">`,
    "document.querySelector('openai-chatkit').setOptions({ api: { url: '/chatkit', domainKey: 'x' } })</script></html>",
  ].join('')
  stage.server.pages.set('/embedded', { html, policy })
  await page.goto(`${origin}/embedded`)
  return { page, complaints }
}

/** Everything that parts do is there: Markdown, a formula, colours, a diagram. */
async function expectWhole(page: Page): Promise<void> {
  await page.locator('.md strong').waitFor()
  await page.locator('.maths math').waitFor()
  await page.locator('.hljs-keyword').waitFor()
  await page.getByRole('button', { name: 'Show diagram' }).click()
  const picture = page.getByRole('img', { name: 'Diagram' })
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(50)
}

test('under the policy of our own pages every part works, without a complaint', async () => {
  const nonce = 'bm9uY2U='
  const policy = makeContentSecurityPolicy({
    nonce,
    appUrl: 'http://127.0.0.1',
    hostedChatKit: false,
    development: false,
  })
  const { page, complaints } = await embed(stage.server.origin, { policy, nonce })
  await answer(page)
  await expectWhole(page)
  expect(complaints).toEqual([])
  await page.close()
})

test('embedded on another site the element loads its parts from where its script is', async () => {
  const { page, complaints } = await embed(stage.server.origin.replace('127.0.0.1', 'localhost'), {
    script: `${stage.server.origin}/chatkit.js`,
  })
  await answer(page)
  await expectWhole(page)
  expect(complaints).toEqual([])
  await page.close()
})

test('without the part that renders, the text is shown as it was written, and the page learns why', async () => {
  const page = await stage.visit()
  // The event does not bubble, but it can be caught on its way down.
  await page.addInitScript(() => {
    const logged: string[] = []
    Object.assign(window, { logged })
    document.addEventListener('chatkit.log', (event) => logged.push((event as CustomEvent).detail.name), true)
  })
  await page.route('**/chatkit/renderer-*.js', (route) => route.fulfill({ status: 404 }))
  await page.reload()
  await page.locator('openai-chatkit[data-loaded]').waitFor()
  await answer(page)
  await expect.poll(() => page.locator('.md').innerText()).toBe(ANSWER)
  expect(await page.getByRole('alert').count()).toBe(0)
  const logged = () => page.evaluate(() => (window as never as { logged: string[] }).logged)
  expect(await logged()).toEqual(['part.unavailable'])
})

test('without its part code is plain, a formula is TeX and a diagram is its source; nothing fails', async () => {
  const page = await stage.visit()
  await page.route(/\/chatkit\/(highlight|maths|diagram)-/, (route) => route.abort())
  await answer(page)
  await page.locator('.md strong').waitFor()
  expect(await page.locator('.maths').innerText()).toBe('\\(x^2\\)')
  expect(await page.locator('.code code').first().innerHTML()).toBe('const a = 1')
  await page.getByRole('button', { name: 'Show diagram' }).click()
  await page.getByText('This diagram could not be drawn').waitFor()
  expect(await page.locator('.code pre').last().innerText()).toContain('A[Start]')
})

test('the first paint needs the script alone, and a part that nothing needs is not loaded', async () => {
  const page = await stage.visit()
  const asked = () =>
    page.evaluate(() => {
      const names = performance.getEntriesByType('resource').map(({ name }) => name)
      return [...new Set(names.flatMap((name) => /\/chatkit\/(\w+)-/.exec(name)?.[1] ?? []))].sort()
    })
  expect(await asked()).toEqual(['renderer'])
  await answer(page)
  await expect.poll(asked).toEqual(['highlight', 'maths', 'renderer'])
})
