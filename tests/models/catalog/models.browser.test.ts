import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { shoot, signUp } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { startApp } from '#tests/support/processes/app-server.ts'

// An admin's and a person's walk through models, in a production build and a real Chromium: from the
// demo assistant to two providers of different kinds, without a restart.

const KEY = 'a-key-that-no-page-may-show-4711'
let app: Awaited<ReturnType<typeof startApp>>
let browser: Browser

beforeAll(async () => {
  const env = { MODEL_ALLOW_PRIVATE: 'on', SIGN_UP: 'open', THREAD_TITLES: 'first_words' }
  ;[app, browser] = await Promise.all([startApp({ env }), openBrowser()])
}, 180_000)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
})

async function arrive(name: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage()
  await page.goto(`${app.url}${name === 'Ann' ? '' : '/sign-up'}`)
  await signUp(page, { name: `${name} Archer`, email: `${name.toLowerCase()}@example.com` })
  return page
}

async function addProvider(page: Page, name: string, api: string, server: OpenAIServer): Promise<void> {
  await page.goto(`${app.url}/admin/models`)
  await page.getByRole('link', { name: 'Add a provider' }).click()
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('API', { exact: true }).selectOption(api)
  await page.getByLabel('Address').fill(server.url)
  await page.getByLabel('Key (optional)').fill(KEY)
  if (name === 'One') await shoot(page, 'provider-form')
  await page.getByRole('button', { name: 'Add' }).click()
  await page.waitForURL(`${app.url}/admin/models`)
}

async function offer(page: Page, provider: string, model: string, name: string, levels: string[] = []): Promise<void> {
  await page.goto(`${app.url}/admin/models/new`)
  await page.getByLabel('Provider', { exact: true }).selectOption({ label: provider })
  await page.getByLabel('Id at the provider').fill(model)
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('Pictures').check()
  for (const level of levels) await page.getByLabel(level, { exact: true }).check()
  if (levels.length > 0) await shoot(page, 'model-form')
  await page.getByRole('button', { name: 'Offer', exact: true }).click()
  await page.waitForURL(/\/admin\/models\/mdl_/)
}

/** Says something and waits until the answer is there. */
async function say(page: Page, text: string, answer: string): Promise<void> {
  const box = page.getByPlaceholder('Say what should be done')
  await box.fill(text)
  await box.press('Enter')
  await page.getByText(answer).last().waitFor()
}

const picker = (page: Page) => page.locator('.model-button')

async function pick(page: Page, label: string): Promise<void> {
  await picker(page).click()
  await page
    .getByRole('menuitemradio', { name: label })
    .or(page.getByRole('menuitem', { name: label }))
    .first()
    .click()
}

test('an admin connects two providers and tests a model, and people choose', { timeout: 180_000 }, async () => {
  await using one = await openAIServer()
  await using other = await openAIServer()
  one.listed = ['one-large']
  one.otherwise(({ body }) => ({ text: `${body.model} here.` }))
  other.otherwise(({ body }) => ({ text: `${body.model} here.` }))
  const page = await arrive('Ann')
  onTestFailed(() => page.screenshot({ path: 'artifacts/failed-models.png', fullPage: true }).then(() => {}))
  const troubles: string[] = []
  page.on('pageerror', (error) => troubles.push(error.message))
  page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()))
  await page.getByText('no model is connected').waitFor()

  await addProvider(page, 'One', 'responses', one)
  await offer(page, 'One', 'one-large', 'Large', ['high'])
  one.script({ text: ['a ', 'b ', 'c'] }, { calls: [{ name: 'add', arguments: { a: 2, b: 3 } }] })
  await page.getByRole('button', { name: 'Test this model' }).click()
  await page.getByText('It has 1, one-large among them.').waitFor()
  await page.getByText('It called add').waitFor()
  await shoot(page, 'model')
  expect(await page.content()).not.toContain(KEY)

  // The chat answers with it at once: nothing was started again.
  await page.goto(`${app.url}/chat`)
  await page.getByPlaceholder('Say what should be done').waitFor()
  expect(await page.getByText('no model is connected').count()).toBe(0)
  await say(page, 'hello', 'one-large here.')

  await addProvider(page, 'Other', 'chat_completions', other)
  await offer(page, 'Other', 'other-small', 'Small')
  await page.goto(`${app.url}/admin/models`)
  await page.getByText('Default', { exact: true }).waitFor()
  await shoot(page, 'models')
  for (const name of ['One', 'Other']) {
    await page.getByRole('link', { name, exact: true }).click()
    await page.getByText('One is stored').waitFor()
    expect(await page.content()).not.toContain(KEY)
    await page.goBack()
  }

  // A person chooses; the conversation and the next one remember it.
  const bob = await arrive('Bob')
  await expect.poll(() => picker(bob).textContent()).toContain('Large')
  await picker(bob).click()
  await shoot(bob, 'picker')
  await bob.keyboard.press('Escape')
  await say(bob, 'first', 'one-large here.')
  await pick(bob, 'Small')
  await say(bob, 'second', 'other-small here.')
  const thread = bob.url()
  await bob.goto(`${app.url}/chat`)
  await expect.poll(() => picker(bob).textContent()).toContain('Small')
  await pick(bob, 'Large, high thinking')
  await say(bob, 'third', 'one-large here.')
  expect(one.requests.at(-1)?.body).toMatchObject({ reasoning: { effort: 'high' } })
  await bob.goto(thread)
  await expect.poll(() => picker(bob).textContent()).toContain('Small')
  await bob.goBack()
  await expect.poll(() => picker(bob).textContent()).toContain('Large, high thinking')

  // Withdrawn: the menu is gone with the next page, and the conversation goes on with the default.
  await page.goto(`${app.url}/admin/models`)
  await page.getByRole('link', { name: 'Small' }).click()
  await page.getByRole('button', { name: 'Withdraw the model' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click()
  await page.waitForURL(`${app.url}/admin/models`)
  await bob.goto(thread)
  await expect.poll(() => picker(bob).textContent()).toContain('Large')
  await say(bob, 'fourth', 'one-large here.')

  await page.goto(`${app.url}/admin/runs`)
  await page.getByText('other-small').filter({ visible: true }).first().waitFor()
  await shoot(page, 'runs')
  expect(troubles).toEqual([])
  expect(app.logs()).not.toContain(KEY)
})
