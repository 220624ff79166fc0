import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { gates, scriptedAnswer } from '#tests/support/element/element-answers.ts'
import {
  barriers,
  composer,
  elementBrowser,
  heard,
  say,
  seen,
  sendButton,
} from '#tests/support/element/element-browser.ts'

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(scriptedAnswer)
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

const options = (page: Page) => page.getByRole('option')
const active = (page: Page) => page.locator('[role=option][aria-selected=true]')
const contents = () => (stage.sent('threads.create')[0]?.params.input as { content: object[] } | undefined)?.content

test('@ suggests entities; a chosen one keeps its place in the sentence and is sent as a tag', async () => {
  const page = await stage.visit({ entities: {} })
  await composer(page).pressSequentially('Ask @ann')
  await expect.poll(() => options(page).allTextContents()).toEqual(['Ann Lee', 'Ann Leek'])
  await page.getByText('People', { exact: true }).waitFor()
  expect(await page.getByRole('status').allTextContents()).toContain('2 suggestions')
  await expect.poll(() => barriers(page)).toEqual([])
  await page.keyboard.press('ArrowDown')
  await expect.poll(() => active(page).textContent()).toBe('Ann Leek')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  expect(await composer(page).inputValue()).toBe('Ask @Ann Lee ')
  await expect.poll(() => page.locator('.chip').count()).toBe(1)
  await page.keyboard.type('and @ann')
  await options(page).nth(1).click()
  await page.keyboard.type('about @Nobody')
  await page.keyboard.press('Enter')
  await page.locator('.bubble .tag', { hasText: 'Ann Leek' }).waitFor()
  expect(contents()).toEqual([
    { type: 'input_text', text: 'Ask ' },
    { type: 'input_tag', id: 'ann', text: 'Ann Lee', group: 'People', data: { team: 'blue' }, interactive: true },
    { type: 'input_text', text: ' and ' },
    { type: 'input_tag', id: 'anna', text: 'Ann Leek', group: 'People', data: {}, interactive: false },
    { type: 'input_text', text: ' about @Nobody' },
  ])
  await page.locator('.bubble').getByRole('button', { name: 'Ann Lee', exact: true }).click()
  await page.getByRole('tooltip').getByText('Team blue').waitFor()
  expect(await seen(page)).toContainEqual({
    name: 'entity.click',
    detail: expect.objectContaining({ id: 'ann', title: 'Ann Lee' }),
  })
  await expect.poll(() => barriers(page)).toEqual([])
})

test('a message that ends with a mention is sent by the next Enter', async () => {
  const page = await stage.visit({ entities: {} })
  await composer(page).pressSequentially('Ask @q2')
  await options(page).first().waitFor()
  await page.keyboard.press('Enter')
  await expect.poll(() => composer(page).inputValue()).toBe('Ask @Q2 Plan ')
  await page.waitForTimeout(300)
  expect(await options(page).count(), 'what was chosen is not suggested again').toBe(0)
  await page.keyboard.press('Enter')
  await page.locator('.bubble .tag', { hasText: 'Q2 Plan' }).waitFor()
})

test('a mention is removed with its chip, Escape closes the list, and an e-mail address opens none', async () => {
  const page = await stage.visit({ entities: {} })
  await page.getByRole('button', { name: 'Mention' }).click()
  await expect.poll(() => options(page).count()).toBe(3)
  await page.keyboard.press('Escape')
  expect(await options(page).count()).toBe(0)
  await page.keyboard.type('q2')
  await expect.poll(() => options(page).allTextContents()).toEqual(['Q2 Plan'])
  await page.keyboard.press('Tab')
  expect(await composer(page).inputValue()).toBe('@Q2 Plan ')
  await page.getByRole('button', { name: 'Dismiss: Q2 Plan' }).click()
  expect(await composer(page).inputValue()).toBe(' ')
  await composer(page).fill('mail ann@q')
  await say(page, 'mail ann@q2.example')
  await page.locator('.bubble', { hasText: 'mail ann@q2.example' }).waitFor()
  expect(contents()).toEqual([{ type: 'input_text', text: 'mail ann@q2.example' }])
})

test('/ opens the page’s commands and the composer’s tools; a command can lead to a menu and to an entity', async () => {
  const page = await stage.visit({
    commands: { enabled: true },
    composer: { tools: [{ id: 't', label: 'Search the web', icon: 'globe' }] },
  })
  await composer(page).pressSequentially('/')
  await expect
    .poll(() => options(page).allTextContents())
    .toEqual(['AssignChoose somebody', 'ArchivePut it away', 'Search the web'])
  await page.keyboard.type('as')
  await expect.poll(() => options(page).allTextContents()).toEqual(['AssignChoose somebody'])
  await page.keyboard.press('Enter')
  await expect.poll(() => options(page).allTextContents()).toEqual(['To Ann'])
  expect(await composer(page).inputValue()).toBe('')
  await page.keyboard.press('Enter')
  await expect.poll(() => composer(page).inputValue()).toBe('@Ann Lee ')
  await composer(page).fill('')
  await composer(page).pressSequentially('/search')
  await expect.poll(() => options(page).count()).toBe(1)
  await page.keyboard.press('Enter')
  await expect.poll(() => seen(page)).toContainEqual({ name: 'tool.change', detail: { toolId: 't' } })
  expect(stage.server.requests).toEqual([])
  await composer(page).fill('not /first')
  await page.keyboard.press('Enter')
  await page.locator('.bubble', { hasText: 'not /first' }).waitFor()
})

/**
 * A microphone that hums, for machines without one. If `problem` is set, asking for it throws an
 * error of that name.
 */
async function microphone(page: Page, problem = ''): Promise<void> {
  await page.evaluate((name) => {
    navigator.mediaDevices.getUserMedia = async () => {
      if (name) throw new DOMException('No', name)
      const context = new AudioContext()
      const sound = context.createOscillator()
      const out = context.createMediaStreamDestination()
      sound.connect(out)
      sound.start()
      return out.stream
    }
  }, problem)
}

test('dictated text is inserted at the cursor and not sent', async () => {
  const page = await stage.visit({ composer: { dictation: { enabled: true } } })
  await microphone(page)
  await composer(page).fill('Please today')
  await composer(page).evaluate((field: HTMLTextAreaElement) => field.setSelectionRange(7, 7))
  await page.getByRole('button', { name: 'Dictate' }).click()
  await page.getByText('Listening…').waitFor()
  await expect.poll(() => barriers(page)).toEqual([])
  await page.getByRole('button', { name: 'Stop dictating' }).click()
  await expect.poll(() => composer(page).inputValue()).toBe('Please buy milk today')
  expect(stage.sent('input.transcribe')[0]?.params).toMatchObject({
    mime_type: expect.stringMatching(/^audio\//),
    audio_base64: expect.any(String),
  })
  expect(stage.sent('threads.create')).toEqual([])
})

test.each([
  ['NotAllowedError', 'This page may not use the microphone.'],
  ['NotFoundError', 'No microphone was found.'],
])('an unavailable microphone (%s) is explained', async (problem, sentence) => {
  const page = await stage.visit({ composer: { dictation: { enabled: true } } })
  await microphone(page, problem)
  await page.getByRole('button', { name: 'Dictate' }).click()
  await page.getByRole('alert').getByText(sentence).waitFor()
})

test('a recording that the server refuses is explained, and without the option there is no microphone button', async () => {
  const page = await stage.visit({ composer: { dictation: { enabled: true } } })
  await microphone(page)
  stage.server.refusals.set('input.transcribe', {
    status: 400,
    body: JSON.stringify({ message: 'This server cannot listen.' }),
  })
  await page.getByRole('button', { name: 'Dictate' }).click()
  await page.getByRole('button', { name: 'Stop dictating' }).click()
  await page.getByRole('alert').getByText('This server cannot listen.').waitFor()
  await stage.leave()
  const without = await stage.visit()
  expect(await without.getByRole('button', { name: 'Dictate' }).count()).toBe(0)
})

test('a title from the model appears in the header and in an open history as soon as it arrives', async () => {
  const titled = Promise.withResolvers<void>()
  gates.set('work', titled.promise)
  stage.server.threads.clear()
  const page = await stage.visit()
  await page.getByRole('button', { name: 'Conversation history' }).click()
  await page.getByText('Your conversations will appear here.').waitFor()
  await page.keyboard.press('Escape')
  await say(page, 'work')
  await page.locator('.spin').first().waitFor()
  await page.getByRole('button', { name: 'Conversation history' }).click()
  const row = page.locator('.history-row').first()
  await row.getByText('New conversation').waitFor()
  titled.resolve()
  await row.getByText('Milk').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('heading', { name: 'Milk' }).waitFor()
  await sendButton(page).waitFor()
  expect((await heard(page)).at(-1)).toBe('history.close')
})

test('on a phone Enter breaks the line and the button sends; elsewhere Enter sends and Shift+Enter breaks the line', async () => {
  const phone = await stage.visit({}, { viewport: { width: 390, height: 700 }, hasTouch: true, isMobile: true })
  await composer(phone).pressSequentially('one\ntwo')
  expect(await composer(phone).inputValue()).toBe('one\ntwo')
  expect(await composer(phone).getAttribute('enterkeyhint')).toBe('enter')
  expect(stage.sent('threads.create')).toEqual([])
  await sendButton(phone).tap()
  await expect.poll(contents).toEqual([{ type: 'input_text', text: 'one\ntwo' }])
  await stage.leave()

  const keyboard = await stage.visit({}, { viewport: { width: 390, height: 700 }, hasTouch: true, isMobile: true })
  await composer(keyboard).pressSequentially('three')
  await keyboard.keyboard.press('Control+Enter')
  await expect.poll(contents).toEqual([{ type: 'input_text', text: 'three' }])
  await stage.leave()

  const desk = await stage.visit()
  expect(await composer(desk).getAttribute('enterkeyhint')).toBe('send')
  await composer(desk).pressSequentially('four')
  await desk.keyboard.press('Shift+Enter')
  await desk.keyboard.type('five')
  await desk.keyboard.press('Enter')
  await expect.poll(contents).toEqual([{ type: 'input_text', text: 'four\nfive' }])
})

test('on a phone Enter accepts a suggestion', async () => {
  const page = await stage.visit(
    { entities: {} },
    { viewport: { width: 390, height: 700 }, hasTouch: true, isMobile: true },
  )
  await composer(page).pressSequentially('Ask @ann')
  await options(page).first().waitFor()
  await page.keyboard.press('Enter')
  expect(await composer(page).inputValue()).toBe('Ask @Ann Lee ')
})
