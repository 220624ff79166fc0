import { globSync } from 'node:fs'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { english, type Strings } from '#lib/chatkit-element/language/strings.ts'
import { scriptedAnswer } from '#tests/support/element/element-answers.ts'
import { barriers, elementBrowser, heard } from '#tests/support/element/element-browser.ts'

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(scriptedAnswer)
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

const greeting = (page: Page) => page.locator('.greeting')
const files = globSync('lib/chatkit-element/locales/*.ts')

/** Words that some languages share with English. */
const SHARED = new Set([
  'assistant',
  'callDetails',
  'callServer',
  'chat',
  'chats',
  'code',
  'composerLabel',
  'date',
  'models',
  'sources',
  'suggestions',
  'suggestionsFound',
])

test.each(files.map((file) => path.basename(file, '.ts')))('%s translates every string', async (language) => {
  const { default: strings } = (await import(path.resolve('lib/chatkit-element/locales', `${language}.ts`))) as {
    default: Strings
  }
  const spoken = (all: Strings) =>
    Object.fromEntries(
      Object.entries(all).map(([key, say]) => [
        key,
        typeof say === 'string' ? say : [1, 2, 3, 11].map((n) => say(n as never, 'a.txt' as never)),
      ]),
    )
  const [own, inEnglish] = [spoken(strings), spoken(english)]
  expect(Object.keys(own)).toEqual(Object.keys(inEnglish))
  for (const [key, text] of Object.entries(own))
    for (const line of [text].flat()) expect(line, key).not.toMatch(/undefined|^\s*$|\$\{/)
  const same = Object.keys(own).filter((key) => JSON.stringify(own[key]) === JSON.stringify(inEnglish[key]))
  expect(same.filter((key) => !SHARED.has(key))).toEqual([])
})

test('the page’s locale is loaded from beside the script, and another locale changes every word', async () => {
  const page = await stage.visit({ locale: 'de-AT' })
  await expect.poll(() => greeting(page).textContent()).toBe('Womit kann ich heute helfen?')
  await page.getByRole('region', { name: 'Chat' }).getByRole('textbox', { name: 'Nachricht' }).fill('hallo')
  await page.getByRole('button', { name: 'Nachricht senden' }).click()
  await page.getByRole('button', { name: 'Code kopieren' }).waitFor()
  expect(stage.sent('threads.create')[0]?.headers['accept-language']).toBe('de-AT')
  await expect.poll(() => barriers(page)).toEqual([])
  await page.evaluate(() => {
    const element = document.querySelector('openai-chatkit') as unknown as { setOptions: (options: object) => void }
    element.setOptions({ api: { url: '/chatkit', domainKey: 'x' }, locale: 'ja' })
  })
  await page.getByRole('button', { name: '会話の履歴' }).waitFor()
})

test.each([
  ['fr-CA', 'Comment puis-je vous aider aujourd’hui ?'],
  ['pt-PT', 'Como posso ajudar hoje?'],
  ['zh-CN', '今天我能帮您做些什么？'],
  ['zh-TW', 'What can I help with today?'],
  ['sw', 'What can I help with today?'],
])('a browser in %s reads "%s"', async (locale, text) => {
  const page = await stage.visit({}, { locale })
  await expect.poll(() => greeting(page).textContent()).toBe(text)
})

test('strings that cannot be loaded are in English, and the element is still ready', async () => {
  const page = await stage.visit({}, { locale: 'nl' })
  await page.route('**/chatkit/nl-*.js', (route) => route.abort())
  await page.reload()
  await expect.poll(() => greeting(page).textContent()).toBe('What can I help with today?')
  await expect.poll(() => heard(page)).toContain('ready')
})

test('Arabic is laid out from right to left, including the composer and its buttons', async () => {
  const page = await stage.visit({
    locale: 'ar',
    composer: { attachments: { enabled: true } },
    api: { uploadStrategy: { type: 'two_phase' } },
  })
  await page.getByRole('button', { name: 'سجل المحادثات' }).waitFor()
  const middle = (name: string) =>
    page
      .getByRole('button', { name })
      .evaluate((button) => button.getBoundingClientRect().left + button.getBoundingClientRect().width / 2)
  const width = page.viewportSize()?.width ?? 0
  expect(await middle('سجل المحادثات'), 'history begins the line').toBeGreaterThan(width / 2)
  expect(await middle('إرسال الرسالة'), 'sending ends it').toBeLessThan(await middle('إضافة صور وملفات'))
  await page.getByRole('textbox', { name: 'الرسالة' }).fill('work')
  await page.keyboard.press('Enter')
  await page.getByText('مصدر واحد').waitFor()
  const bubble = await page.locator('.bubble').boundingBox()
  expect(bubble?.x, 'a question stands on the far side').toBeLessThan(width / 2)
  // Colours are final only when the fade-in has ended.
  await expect.poll(() => barriers(page)).toEqual([])
  for (const size of [1280, 390]) {
    await page.setViewportSize({ width: size, height: 800 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(size)
    await page.screenshot({ path: `artifacts/element-rtl-${size}.png` })
  }
})
