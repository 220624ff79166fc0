import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { scriptedAnswer } from '#tests/support/element/element-answers.ts'
import { barriers, composer, elementBrowser, say, seen, sendButton } from '#tests/support/element/element-browser.ts'

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(scriptedAnswer)
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

test.each(['light', 'dark'] as const)('axe finds no serious barrier in the %s scheme', async (colorScheme) => {
  const prompts = [{ label: 'What is open?', prompt: 'hello', icon: 'search' }]
  const page = await stage.visit(
    {
      startScreen: { prompts },
      disclaimer: { text: 'Check *what* matters.' },
      composer: { tools: [{ id: 't', label: 'Search', icon: 'globe' }] },
    },
    { colorScheme, reducedMotion: 'reduce' },
  )
  await expect.poll(() => barriers(page)).toEqual([])
  await page.getByRole('button', { name: 'What is open?' }).click()
  await page.locator('.md strong', { hasText: 'hello' }).waitFor()
  await say(page, 'work')
  await page.getByRole('button', { name: /add_task/ }).click()
  await page.getByText('1 source').click()
  await say(page, 'fail')
  await page.getByRole('alert').waitFor()
  await expect.poll(() => barriers(page)).toEqual([])
  await page.getByRole('button', { name: 'Conversation history' }).click()
  await page.locator('.history-row').first().waitFor()
  await expect.poll(() => barriers(page)).toEqual([])
})

test('everything can be done with the keyboard alone', async () => {
  stage.server.threads.clear()
  stage.server.add({ id: 'old', title: 'Old chat' })
  const page = await stage.visit({
    startScreen: { prompts: [{ label: 'First prompt', prompt: 'prompted' }] },
    composer: {
      tools: [
        { id: 'find', label: 'Find', icon: 'search' },
        { id: 'draw', label: 'Draw', icon: 'write' },
      ],
    },
  })
  const press = (...keys: string[]) =>
    keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve())
  const focused = () =>
    page.evaluate(() => {
      const active = document.querySelector('openai-chatkit')?.shadowRoot?.activeElement
      return active?.getAttribute('aria-label') ?? active?.textContent
    })
  await press('Tab')
  expect(await focused()).toBe('Conversation history')
  await press('Enter')
  await page.getByRole('button', { name: /^Old chat/ }).waitFor()
  await press('Tab', 'Tab', 'Tab')
  expect(await focused()).toMatch(/^Old chat/)
  await press('Tab', 'Enter', 'ArrowDown')
  expect(await focused()).toBe('Delete')
  await press('Escape')
  expect(await focused()).toBe('Actions for Old chat')
  await press('Escape')
  await expect.poll(focused).toBe('Conversation history')
  await press('Tab', 'Tab', 'Tab')
  expect(await focused()).toBe('First prompt')
  await press('Tab')
  expect(await focused()).toBe('Message')
  await press('Tab', 'Enter', 'ArrowDown', 'Enter')
  expect(await focused()).toBe('Tools')
  await press('Shift+Tab')
  await page.keyboard.type('line one')
  await press('Shift+Enter')
  await page.keyboard.type('line two')
  expect(await composer(page).inputValue()).toBe('line one\nline two')
  await press('Enter')
  await page.getByText('You said').first().waitFor()
  expect(stage.sent('threads.create')[0]?.params).toMatchObject({
    input: { inference_options: { tool_choice: { id: 'draw' } } },
  })
  expect((await seen(page)).filter(({ name }) => name === 'tool.change').map(({ detail }) => detail)).toEqual([
    { toolId: 'draw' },
    { toolId: null },
  ])
})

test('an Enter that ends an IME composition does not send', async () => {
  const page = await stage.visit()
  await composer(page).fill('にほん')
  await composer(page).evaluate((field) =>
    field.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true }),
    ),
  )
  await page.waitForTimeout(50)
  expect(stage.server.requests).toEqual([])
})

test('on a phone buttons are large enough, nothing scrolls sideways, and the text is readable', async () => {
  const page = await stage.visit({}, { viewport: { width: 390, height: 700 }, hasTouch: true, isMobile: true })
  await composer(page).fill('hello')
  await sendButton(page).tap()
  await sendButton(page).waitFor()
  const small = await page.evaluate(() => {
    const root = document.querySelector('openai-chatkit')?.shadowRoot
    const buttons = [...(root?.querySelectorAll('.header button, .dock button, .actions button') ?? [])]
    return buttons
      .map((button) => button.getBoundingClientRect())
      .filter(({ width, height }) => Math.min(width, height) < 44).length
  })
  expect(small).toBe(0)
  expect(
    await composer(page).evaluate((field) => Number.parseFloat(getComputedStyle(field).fontSize)),
  ).toBeGreaterThanOrEqual(16)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
})
