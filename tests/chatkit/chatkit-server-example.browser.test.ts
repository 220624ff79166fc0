import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { composer, say } from '#tests/support/element/element-browser.ts'
import { buildPage } from '../../examples/chatkit-server/build-page.ts'
import { chatServer } from '../../examples/chatkit-server/server.ts'

// examples/chatkit-server as a newcomer runs it: the unmodified React bindings on our element, in a
// real browser.

let server: Server
let browser: Browser
let page: Page
let url: string

const shown = (text: string) => page.getByRole('log').getByText(text, { exact: true })

beforeAll(async () => {
  server = chatServer(await buildPage()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  browser = await openBrowser()
  page = await browser.newPage()
  await page.goto(url)
  await composer(page).waitFor()
})

afterAll(async () => {
  await browser?.close()
  server?.closeAllConnections()
  server?.close()
})

test('a message is answered', async () => {
  await say(page, 'good morning')
  await shown('You said: good morning').waitFor()
  expect(await shown('You said: good morning').count()).toBe(1)
})

test('a widget from a template is shown, and its button redraws it', async () => {
  await say(page, 'How is the weather?')
  await shown('Snow, -3 °C').waitFor()
  await page.getByRole('button', { name: 'Refresh' }).click()
  await shown('Clear, -5 °C').waitFor()
  expect(await shown('Snow, -3 °C').count()).toBe(0)
})

test('a client tool runs in the page, and the answer uses its result', async () => {
  await say(page, 'What is my time zone?')
  const zone = await page.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone)
  await shown(`Your time zone is ${zone}.`).waitFor()
  expect(await page.getByRole('alert').count()).toBe(0)
})

test('a refusal is JSON with a code, and an invalid body ends the connection', async () => {
  const ask = (body: string) => fetch(`${url}/chatkit`, { method: 'POST', body })
  const missing = await ask(JSON.stringify({ type: 'threads.get_by_id', params: { thread_id: 'thr_none' } }))
  expect([missing.status, (await missing.json()).code]).toEqual([404, 'not_found'])
  await expect(ask('{')).rejects.toThrow()
})
