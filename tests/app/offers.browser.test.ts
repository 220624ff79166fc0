import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signUp } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'
import { type Answers, FRIENDLY, type OfferServer, offerServer } from '#tests/support/tool-servers/offer-server.ts'

// Prompts after `/` and resources after `@`, in a production build.

const OFFERED = { tools: {}, prompts: {}, resources: {}, completions: {} }
const LINKING: Answers = {
  ...FRIENDLY,
  'tools/list': () => ({
    tools: [{ name: 'link', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }],
  }),
  'tools/call': () => ({ content: [{ type: 'resource_link', uri: 'doc://plan', name: 'The plan' }] }),
}

let app: AppServer
let browser: Browser
let model: OpenAIServer
let server: OfferServer
let name: string
let page: Page

beforeAll(async () => {
  ;[model, server] = await Promise.all([openAIServer(), offerServer(LINKING, OFFERED)])
  name = new URL(server.url).host.replace(/[^A-Za-z0-9]+/g, '_')
  const settings = { OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'k' }
  ;[app, browser] = await Promise.all([
    startApp({ env: { SIGN_UP: 'open', MCP_SERVER_URL: server.url, ...settings } }),
    openBrowser(),
  ])
  page = await (await browser.newContext()).newPage()
  await page.goto(app.url)
  await signUp(page)
  await composer().waitFor()
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
  await server?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})

const composer = () => page.getByRole('textbox', { name: 'Message' })
const option = (label: string | RegExp) => page.getByRole('option', { name: label })
const bubble = (text: string) => page.locator('.bubble', { hasText: text })

const answer = (text: string) => page.getByRole('log').getByText(text)

/** What the model was told last, as one text. */
const told = () => JSON.stringify(model.requests.at(-1)?.body.input)

test('a prompt is found after /, asks for its arguments, is shown whole and sent with its server’s mark', async () => {
  model.script({ text: 'Looks good.' })
  await composer().pressSequentially('/review')
  await option(/Review a file/).waitFor()
  await page.getByText(`Prompts of ${name}`).waitFor()
  await composer().press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Review a file' })
  const file = dialog.getByLabel('file')
  await expect.poll(() => file.evaluate((field) => field === document.activeElement)).toBe(true)
  await page.keyboard.type('al')
  await expect.poll(() => dialog.locator('datalist').first().locator('option').count()).toBe(1)
  await file.fill('alpha.ts')
  await page.keyboard.press('Enter')
  const whole = dialog.getByRole('region', { name: 'The whole prompt' })
  await whole.getByText('Review alpha.ts for faults.').waitFor()
  await whole.getByText('> I will be brief.').waitFor()
  await dialog.getByRole('button', { name: 'Send' }).click()
  await bubble(`Prompt of ${name}`).getByText('Review alpha.ts for faults.').waitFor()
  await answer('Looks good.').waitFor()
  await dialog.waitFor({ state: 'detached' })
  expect(told()).toContain(`[Prompt of ${name}]\\nReview alpha.ts for faults.`)
  expect(told()).toContain('The person chose a prompt of the server')
})

test('a resource is found after @ with its size and server, becomes a tag, and is read when it is sent', async () => {
  model.script({ text: 'It is small.' })
  await composer().pressSequentially('@budg')
  await option(/Budget 2027.*2 kB · text\/plain · What we may spend/).waitFor()
  await composer().press('Enter')
  await page.locator('.chips').getByText('Budget 2027').waitFor()
  expect(server.asked.filter(({ method }) => method === 'resources/read')).toEqual([])
  await composer().pressSequentially('is how large?')
  await composer().press('Enter')
  await answer('It is small.').waitFor()
  const tag = bubble('is how large?').getByRole('button', { name: 'Budget 2027' })
  await tag.focus()
  await page.getByRole('tooltip').getByText('doc://budget').waitFor()
  expect(told()).toContain('The text of doc://budget.')
})

test('a template asks for its parameters and attaches the resource', async () => {
  model.script({ text: 'It is open.' })
  await composer().pressSequentially('/ticket')
  await option(/Attach: Ticket/).waitFor()
  await composer().press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Attach: Ticket' })
  await dialog.getByLabel('number').fill('101')
  await dialog.getByRole('button', { name: 'Attach', exact: true }).click()
  await page.locator('.chips').getByText('Ticket: 101').waitFor()
  await composer().pressSequentially('is what?')
  await composer().press('Enter')
  await answer('It is open.').waitFor()
  expect(server.asked.at(-1)?.params).toMatchObject({ uri: 'ticket://101' })
})

test('a resource link in a result is attached by a click, and read when the message is sent', async () => {
  await composer().fill('/link')
  await composer().press('Enter')
  await page.getByRole('button', { name: 'Attach The plan to the message' }).click()
  await page.locator('.chips').getByText('The plan').waitFor()
  model.script({ text: 'It is short.' })
  await composer().pressSequentially('says what?')
  await composer().press('Enter')
  await answer('It is short.').waitFor()
  expect(told()).toContain('The text of doc://plan.')
  expect(told()).toContain('@The plan says what?')
})

test('our own notes are found in the same way', async () => {
  const saved = await page.evaluate(async () => (await fetch('/api/me/resources?search=')).status)
  expect(saved).toBe(200)
  await composer().fill('')
  await composer().pressSequentially('/summarise')
  await option(/Summarise a note/).waitFor()
  await page.getByText('Prompts of switchboard').waitFor()
  await composer().press('Escape')
  await composer().fill('')
})
