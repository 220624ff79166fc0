import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { openPage, shoot, signUp } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'

// An admin writes assistants, and a person talks to them: a production build, a real Chromium and a
// scripted model.

let app: Awaited<ReturnType<typeof startApp>>
let browser: Browser
let model: OpenAIServer

beforeAll(async () => {
  model = await openAIServer()
  const env = { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: model.url, SIGN_UP: 'open', THREAD_TITLES: 'first_words' }
  ;[app, browser] = await Promise.all([startApp({ env }), openBrowser()])
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
  await model?.[Symbol.asyncDispose]()
})

test('an admin writes assistants with versions, and a person chooses them, is handed over and refused', {
  timeout: 240_000,
}, async () => {
  const troubles: string[] = []
  const page = await openPage(browser, app.url, troubles)
  onTestFailed(() => page.screenshot({ path: 'artifacts/failed-assistants-admin.png', fullPage: true }).then(() => {}))
  await signUp(page, { name: 'Ada Admin', email: 'ada@example.com' })
  // Without a second assistant there is nothing to choose.
  await page.getByRole('textbox', { name: 'Message' }).waitFor()
  expect(await page.getByRole('radio').count()).toBe(0)

  await page.goto(`${app.url}/admin/assistants`)
  await page.getByRole('link', { name: 'Change', exact: true }).click()
  await page.getByLabel('Name of the organisation').fill('ACME')
  await page.getByLabel('Instructions').fill('Prices are in euros.')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Prices are in euros.').waitFor()

  await page.getByRole('link', { name: 'Add an assistant' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Travel')
  await page.getByLabel('Short name').fill('travel')
  await page.getByLabel('Description').fill('Plans trips.')
  await page.getByLabel('Colour').selectOption('purple')
  await page.getByLabel('Picture').selectOption('suitcase')
  await page.getByLabel('What it is for').fill('You plan trips for {{user.nme}} of {{organisation}}.')
  await page.getByLabel('Tools', { exact: true }).selectOption('chosen')
  await page.getByLabel('switchboard', { exact: true }).check()
  await page.getByLabel('Tools of switchboard').fill('list_tasks, search_*')
  await page.getByLabel('Greeting').fill('Where to?')
  await page.getByLabel('Prompts').fill('A day in Paris | Plan a day in Paris.')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByText('Instructions: {{user.nme}} is not a placeholder.').waitFor()
  await page.getByLabel('What it is for').fill('You plan trips for {{user.name}} of {{organisation}}.')
  await page.getByRole('button', { name: 'Preview' }).click()
  await page.getByText('You plan trips for "Ada Admin" of "ACME".').waitFor()
  await shoot(page, 'assistant-form')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.waitForURL(/\/admin\/assistants\/travel$/)

  // A second version, its difference, and the first one again.
  await page.getByRole('link', { name: 'Change', exact: true }).click()
  await page.getByLabel('What it is for').fill('You plan trips by train for {{user.name}}.')
  await page.getByRole('button', { name: 'Save a version' }).click()
  await page.getByRole('link', { name: 'Version 2' }).waitFor()
  await shoot(page, 'assistant')
  await page.getByRole('link', { name: 'Version 1' }).click()
  await page.getByText('What restoring it would change now').waitFor()
  await shoot(page, 'assistant-version')
  await page.getByRole('button', { name: 'Restore' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click()
  await page.waitForURL(/\/admin\/assistants\/travel$/)
  await page.getByRole('link', { name: 'Version 3' }).waitFor()

  // One for admins alone.
  await page.goto(`${app.url}/admin/assistants/new`)
  await page.getByLabel('Name', { exact: true }).fill('Secret')
  await page.getByLabel('Short name').fill('secret')
  await page.getByLabel('For', { exact: true }).selectOption('chosen')
  await page.getByLabel('People').fill('nobody@example.com')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByText('no account has the address nobody@example.com').waitFor()
  await page.getByLabel('People').fill('')
  await page.getByLabel('Admins', { exact: true }).check()
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.waitForURL(/\/admin\/assistants\/secret$/)
  await page.goto(`${app.url}/admin/assistants`)
  await page.getByRole('link', { name: 'Secret' }).waitFor()
  await shoot(page, 'assistants')

  // A member: the start screen, a link, a handover, an @.
  const member = await openPage(browser, `${app.url}/sign-up`, troubles)
  onTestFailed(() => member.screenshot({ path: 'artifacts/failed-assistants.png', fullPage: true }).then(() => {}))
  await signUp(member, { name: 'Mo Member', email: 'mo@example.com' })
  await expect.poll(() => member.getByRole('radio').count()).toBe(2)
  await member.getByRole('radio', { name: 'Travel' }).check({ force: true })
  await member.getByRole('heading', { name: 'Where to?' }).waitFor()
  await shoot(member, 'chat-assistant-chosen')
  model.script({ text: 'By train, then.' })
  await member.getByRole('button', { name: 'A day in Paris' }).click()
  await member.getByText('By train, then.').first().waitFor()
  expect(await member.getByRole('radio').count()).toBe(0)
  expect(JSON.stringify(model.requests.at(-1)?.body)).toContain('You plan trips for \\"Mo Member\\"')

  await member.goto(`${app.url}/chat?assistant=travel`)
  await member.getByRole('heading', { name: 'Where to?' }).waitFor()
  for (const slug of ['secret', 'missing']) {
    await member.goto(`${app.url}/chat?assistant=${slug}`)
    await member.getByText('This assistant is not available to you. Choose another one.').waitFor()
    expect(await member.getByRole('radio', { name: 'Switchboard' }).isChecked()).toBe(true)
  }
  await shoot(member, 'chat-assistant-refused')

  await member.goto(`${app.url}/chat`)
  model.script({ calls: [{ name: 'hand_to_travel', arguments: {} }] }, { text: 'Where do you want to go?' })
  await member.getByRole('textbox', { name: 'Message' }).fill('I need a trip')
  await member.keyboard.press('Enter')
  await member.getByText('Where do you want to go?').first().waitFor()
  await member.getByText('Handed to Travel').first().waitFor()
  await shoot(member, 'chat-handover')
  const box = member.getByRole('textbox', { name: 'Message' })
  await box.click()
  await member.keyboard.type('@Switch')
  await member.getByRole('option', { name: /Switchboard/ }).waitFor()
  await shoot(member, 'chat-mention')
  await member.keyboard.press('Enter')
  await member.keyboard.type('what is open?')
  model.script({ text: 'Nothing is open.' })
  await member.keyboard.press('Enter')
  await member.getByText('Nothing is open.').first().waitFor()
  expect(JSON.stringify(model.requests.at(-1)?.body)).toContain('You are Switchboard')

  await member.goto(`${app.url}/settings`)
  await member.getByLabel('About you').fill('I fly economy.')
  const words = member.locator('section', { hasText: 'What assistants should know' })
  await words.getByRole('button', { name: 'Save' }).click()
  await words.getByText('Saved.').waitFor()
  await words.screenshot({ path: 'artifacts/own-words.png' })
  await member.goto(`${app.url}/chat`)
  model.script({ text: 'Economy, I know.' })
  await box.fill('book')
  await member.keyboard.press('Enter')
  await member.getByText('Economy, I know.').first().waitFor()
  expect(JSON.stringify(model.requests.at(-1)?.body)).toContain('| I fly economy.')

  // The run names the version.
  await page.goto(`${app.url}/admin/runs`)
  await page
    .getByRole('link')
    .filter({ hasText: 'Mo Member' })
    .nth(2)
    .click()
    .catch(() => {})
  expect(troubles).toEqual([])
  expect(model.faults).toEqual([])
})
