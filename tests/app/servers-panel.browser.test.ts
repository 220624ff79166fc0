import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signUp } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'
import { type FaultServer, faultServer, refusingUrl } from '#tests/support/tool-servers/fault-server.ts'

// The panel of servers and tools in the chat, in a production build.

let app: AppServer
let browser: Browser
let model: OpenAIServer
let shop: FaultServer
let folder: string
let page: Page

const tool = (name: string, more: object = {}) => ({ name, title: `${name} things`, run: () => 1, ...more })

beforeAll(async () => {
  const tools = [tool('look'), tool('wipe', { annotations: { destructiveHint: true } })]
  shop = await faultServer(tools, { kind: 'none' }, { ttlMs: 3_600_000, announces: true })
  folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-panel-'))
  const file = path.join(folder, 'servers.json')
  const servers = [
    { name: 'shop', url: shop.url, pinned: false },
    { name: 'drive', url: 'http://127.0.0.1:9/mcp', identity: { kind: 'key', header: 'x-key' } },
    { name: 'gone', url: await refusingUrl() },
  ]
  await writeFile(file, JSON.stringify({ servers }))
  const cast = path.join(folder, 'assistants.json')
  const choice = { kind: 'chosen', servers: [{ server: 'shop', tools: ['look'] }] }
  await writeFile(cast, JSON.stringify({ assistants: [{ slug: 'reader', name: 'Reader', tools: choice }] }))
  model = await openAIServer()
  const settings = { OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'k' }
  ;[app, browser] = await Promise.all([
    startApp({ env: { SIGN_UP: 'open', MCP_SERVERS_FILE: file, ASSISTANTS_FILE: cast, ...settings } }),
    openBrowser(),
  ])
  page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  await page.goto(app.url)
  await signUp(page)
  await composer().waitFor()
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
  await shop?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const composer = () => page.getByRole('textbox', { name: 'Message' })
const opener = () => page.getByRole('button', { name: 'Servers and tools' })
const panel = () => page.getByRole('complementary', { name: 'Servers and tools' })
const server = (name: string) => panel().getByRole('region', { name })
const control = (name: string) => panel().getByRole('switch', { name })
const focused = () =>
  page.evaluate(() => {
    let focus = document.activeElement
    while (focus?.shadowRoot?.activeElement) focus = focus.shadowRoot.activeElement
    return focus?.getAttribute('aria-label') ?? focus?.textContent
  })
/** A switch is changed by its label, as a person presses it. */
const press = (name: string) => control(name).press('Space')
/** Presses a switch, and waits until the server knows. Before a conversation begins, the page keeps it. */
async function pressAndSave(name: string): Promise<void> {
  const saved = page.waitForResponse((answer) => answer.request().method() === 'PUT')
  await press(name)
  await saved
}
type Sent = { name?: string; function?: { name: string } }
const offered = () =>
  ((model.requests.at(-1)?.body.tools ?? []) as Sent[]).map((sent) => sent.function?.name ?? sent.name)

async function say(text: string): Promise<void> {
  model.script({ text: `Answer to ${text}` })
  await composer().fill(text)
  await composer().press('Enter')
  await page.getByRole('log').getByText(`Answer to ${text}`).waitFor()
  await page.getByRole('button', { name: 'Stop' }).waitFor({ state: 'hidden' })
}

test('the panel shows each server with its state, and its tools with title and whether they ask', async () => {
  await opener().click()
  await expect.poll(focused).toBe('Servers and tools')
  await server('shop').getByText('Connected').waitFor()
  await server('drive').getByText('Needs your account').waitFor()
  await server('drive').getByRole('button', { name: 'Connect drive' }).waitFor()
  await expect.poll(() => server('gone').innerText()).toMatch(/Down\s+.*refuses/s)
  await server('shop').getByText('2 tools').click()
  await server('shop').getByText('wipe things').waitFor()
  await server('shop').getByText('Asks you each time').waitFor()
})

test('what is off before the first message is off in the conversation that it begins, and after a reload', async () => {
  await press('Tool wipe things')
  await server('shop').getByText('1 of 2 tools on').waitFor()
  // A reload before the first message closes the panel and its lists, and switches nothing on.
  await page.reload()
  await opener().click()
  await server('shop').getByText('1 of 2 tools on').click()
  await say('one')
  expect(offered()).toContain('look')
  expect(offered()).not.toContain('wipe')
  await expect.poll(() => control('Tool wipe things').isChecked()).toBe(false)
  await page.reload()
  await opener().click()
  await server('shop').getByText('1 of 2 tools on').waitFor()
  await say('two')
  expect(offered()).not.toContain('wipe')
})

test('a server is switched off and on by the keyboard, and Escape gives the focus back', async () => {
  await pressAndSave('Server shop')
  await server('shop').getByText('Off', { exact: true }).waitFor()
  await say('three')
  expect(offered()).not.toContain('look')
  await pressAndSave('Server shop')
  await server('shop').getByText('Connected').waitFor()
  await say('four')
  expect(offered()).toContain('look')
  expect(offered()).not.toContain('wipe')
  await control('Server shop').press('Escape')
  await expect.poll(() => panel().count()).toBe(0)
  await expect.poll(focused).toBe('Servers and tools')
})

test('a tool that its server adds appears while the panel is open', async () => {
  await opener().click()
  await server('shop').getByText('1 of 2 tools on').waitFor()
  shop.tools = [...shop.tools, tool('count')]
  shop.announce()
  await server('shop').getByText('2 of 3 tools on').waitFor()
})

test('a new conversation begins with everything on', async () => {
  await page.locator('openai-chatkit').getByRole('button', { name: 'New conversation' }).click()
  await server('shop').getByText('3 tools').waitFor()
  await say('five')
  expect(offered()).toEqual(expect.arrayContaining(['look', 'wipe', 'count']))
})

test('the assistant that is chosen before the first message is the one whose tools it shows', async () => {
  await page.locator('openai-chatkit').getByRole('button', { name: 'New conversation' }).click()
  await server('gone').waitFor()
  await page.getByRole('radio', { name: 'Reader' }).press('Space')
  await expect.poll(() => server('gone').count()).toBe(0)
  await server('shop').getByText('1 tool', { exact: true }).click()
  await press('Tool look things')
  await server('shop').getByText('0 of 1 tools on').waitFor()
  await say('reader one')
  expect(offered()).not.toContain('look')
  // It answers here from now on, and what was off stays off.
  await server('shop').getByText('0 of 1 tools on').waitFor()
  expect(await server('gone').count()).toBe(0)
  await pressAndSave('Tool look things')
  await say('reader two')
  expect(offered()).toContain('look')
  expect(offered()).not.toContain('wipe')
})

test('on a phone it is a drawer that takes the focus and gives it back', async () => {
  await panel().getByRole('button', { name: 'Close' }).click()
  await page.setViewportSize({ width: 390, height: 780 })
  await opener().click()
  const drawer = page.getByRole('dialog', { name: 'Servers and tools' })
  await drawer.getByRole('region', { name: 'shop' }).waitFor()
  await drawer.getByRole('switch', { name: 'Server shop' }).press('Space')
  await drawer.getByRole('region', { name: 'shop' }).getByText('Off', { exact: true }).waitFor()
  await page.keyboard.press('Escape')
  await expect.poll(() => drawer.count()).toBe(0)
  await expect.poll(focused).toBe('Servers and tools')
  await say('six')
  expect(offered()).not.toContain('look')
})
