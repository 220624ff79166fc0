import { mkdirSync } from 'node:fs'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'

/** Opens a page of the product without a session. Its errors are added to `troubles`. */
export async function openPage(browser: Browser, address: string, troubles: string[] = []): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  page.on('pageerror', (error) => troubles.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) troubles.push(message.text())
  })
  await page.goto(address)
  return page
}

export const field = (page: Page, name: string) => page.getByRole('textbox', { name, exact: true })
export const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

export const PASSWORD = 'correct horse battery'

/** Creates an account on the page for it, which is the first page of a new installation. */
export async function signUp(
  page: Page,
  {
    name = 'Ann Archer',
    email = 'ann@example.com',
    words = { email: 'E-mail', password: 'Password', create: /^Create/ },
  } = {},
): Promise<void> {
  await field(page, 'Name').fill(name)
  await field(page, words.email).fill(email)
  await field(page, words.password).fill(PASSWORD)
  await page.getByRole('button', { name: words.create }).click()
  await page.waitForURL(/\/chat/)
}

/** Fills in the page for signing in. */
export async function signIn(page: Page, email: string, password: string): Promise<void> {
  await field(page, 'E-mail').fill(email)
  await field(page, 'Password').fill(password)
  await press(page, 'Sign in')
}

/**
 * Takes screenshots at two widths in both colour schemes (`artifacts/<name>-<width>-<scheme>.png`),
 * and expects no sideways scrolling. `check` is called in each view, with its name.
 */
export async function shoot(
  page: Page,
  name: string,
  check: (view: string) => Promise<void> = async () => {},
): Promise<void> {
  mkdirSync('artifacts', { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await showIn(page, colorScheme)
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 })
      const view = `${name}-${width}-${colorScheme}`
      await page.screenshot({ path: `artifacts/${view}.png`, fullPage: true })
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(wider, `${view} is not wider than the window`).toBeLessThanOrEqual(0)
      await check(view)
    }
  }
  await showIn(page, 'light')
  await page.setViewportSize({ width: 1280, height: 900 })
}

/** Colours change at once and stay: what is on its way between two schemes has too little contrast. */
async function showIn(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
  await settle(page)
}

/** Waits for animations that end: what appears is faint at first. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter(({ effect }) => effect?.getComputedTiming().iterations !== Number.POSITIVE_INFINITY)
        .map(({ finished }) => finished),
    ),
  )
}

/** Expects no axe violation on the page as it is. `view` names it in a failure. */
export async function expectAccessible(page: Page, view: string): Promise<void> {
  await settle(page)
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run())
  expect(violations.map(({ id, nodes }) => `${view}: ${id} at ${nodes[0]?.target}`)).toEqual([])
}

/** Takes screenshots, and expects no axe violation. */
export async function inspect(page: Page, name: string): Promise<void> {
  await shoot(page, name)
  await expectAccessible(page, name)
}
