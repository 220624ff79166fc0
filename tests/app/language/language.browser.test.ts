import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessible, PASSWORD, shoot, signUp } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'

// The language of the pages in a production build: the browser's, the visitor's and the person's choice.

let app: AppServer
let browser: Browser

beforeAll(async () => {
  ;[app, browser] = await Promise.all([startApp({ env: { SIGN_UP: 'open' } }), openBrowser()])
  const first = await (await browser.newContext({ locale: 'en-GB' })).newPage()
  await first.goto(`${app.url}/set-up`)
  await signUp(first)
  await first.context().close()
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
})

const visit = async (locale: string, path: string): Promise<Page> => {
  const page = await (await browser.newContext({ locale, viewport: { width: 1280, height: 900 } })).newPage()
  await page.goto(app.url + path)
  return page
}

const spoken = (page: Page) =>
  page.evaluate(() => {
    const { lang, dir } = document.documentElement
    return { lang, dir, title: document.title }
  })

test('a visitor reads the language of the browser until they choose another, which the cookie keeps', async () => {
  const page = await visit('de-AT', '/sign-in')
  expect(await spoken(page)).toEqual({ lang: 'de', dir: 'ltr', title: 'Anmelden · Switchboard' })
  await page.getByRole('button', { name: 'Anmelden', exact: true }).click()
  await page.getByText('Gib deine E-Mail-Adresse ein.').waitFor()
  await page.getByLabel('Sprache').selectOption('ar')
  await page.getByRole('heading', { name: 'تسجيل الدخول' }).waitFor()
  expect(await spoken(page)).toMatchObject({ lang: 'ar', dir: 'rtl' })
  await shoot(page, 'language-sign-in-arabic')
  await expectAccessible(page, 'language-sign-in-arabic')
  await page.goto(`${app.url}/sign-up`)
  expect(await spoken(page)).toMatchObject({ lang: 'ar', dir: 'rtl', title: 'إنشاء حساب · Switchboard' })
})

test('a language that the product does not speak gives the next that the browser likes, else English', async () => {
  for (const [header, lang] of [
    ['eo, fr-CA;q=0.8, de;q=0.9', 'de'],
    ['zh-TW, ja;q=0.5', 'ja'],
    ['eo', 'en'],
    ['*', 'en'],
    ['de;q=0, it', 'it'],
  ]) {
    const html = await (await fetch(`${app.url}/sign-in`, { headers: { 'accept-language': header ?? '' } })).text()
    expect(html, header).toContain(`<html lang="${lang}" dir="ltr"`)
  }
})

test('the language chosen in Settings belongs to the person: other browsers and the sign-in page speak it too', async () => {
  const page = await visit('en-GB', '/sign-in')
  const signInAs = async (tab: Page, button: string) => {
    await tab.locator('[name=email]').fill('ann@example.com')
    await tab.locator('[name=password]').fill(PASSWORD)
    await tab.getByRole('button', { name: button, exact: true }).click()
    await tab.waitForURL(/\/chat/)
  }
  await signInAs(page, 'Sign in')
  await page.goto(`${app.url}/settings`)
  await page.getByLabel('Language').selectOption('fr')
  await page.getByLabel('Language').locator('xpath=ancestor::form').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'Profil', exact: true }).waitFor()
  expect(await spoken(page)).toEqual({ lang: 'fr', dir: 'ltr', title: 'Profil · Switchboard' })

  const elsewhere = await visit('ja', '/sign-in')
  await signInAs(elsewhere, 'サインイン')
  await elsewhere.goto(`${app.url}/settings`)
  expect(await spoken(elsewhere)).toMatchObject({ lang: 'fr', title: 'Profil · Switchboard' })

  await page.context().clearCookies({ name: /session/ })
  await page.goto(`${app.url}/sign-in`)
  expect(await spoken(page)).toMatchObject({ lang: 'fr' })
})
