import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { build } from 'esbuild'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { expect, inject } from 'vitest'
import { buildElement } from '#scripts/build-element.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { fakeChatKit, type Script } from '#tests/support/element/fake-chatkit.ts'
import { oncePerRun } from '#tests/support/once-per-run.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/**
 * The element in a real browser, on a page with the unchanged React bindings or on one of the
 * test's own, in front of a scripted server.
 */
export async function elementBrowser(
  answer: Script,
  { page: entry = 'tests/support/element/element-page.tsx', flags = [] as string[] } = {},
) {
  const [files, script, browser] = await Promise.all([
    oncePerRun('element', () => buildElement(path.join(inject('runFolder'), 'built', 'chatkit.js'))),
    oncePerRun(path.basename(entry), () => bundlePage(entry)),
    openBrowser(flags),
  ])
  const element = String(files['/chatkit.js'])
  const server = await fakeChatKit({ files, page: script }, answer)
  const watched = { foreign: [] as string[], complaints: [] as string[] }
  let context: BrowserContext | undefined

  /** Opens the page with options on top of its own, and watches every request that leaves it. */
  async function visit(options: object = {}, settings: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
    server.requests.length = 0
    context = await browser.newContext({ viewport: { width: 900, height: 700 }, ...settings })
    context.setDefaultTimeout(20_000)
    const page = await context.newPage()
    page.on('request', (request) => {
      if (!request.url().startsWith(server.origin) && !/^(data|blob):/.test(request.url()))
        watched.foreign.push(request.url())
    })
    page.on('pageerror', (error) => watched.complaints.push(String(error)))
    page.on('console', (message) => {
      const expected = /React DevTools|Failed to load resource|ERR_INCOMPLETE_CHUNKED|net::ERR/.test(message.text())
      if (!expected && ['error', 'warning'].includes(message.type())) watched.complaints.push(message.text())
    })
    await page.goto(`${server.origin}/#${encodeURIComponent(JSON.stringify(options))}`)
    await page.locator('openai-chatkit[data-loaded]').waitFor()
    return page
  }

  return {
    element,
    files,
    server,
    visit,
    sent: (type: string) => server.requests.filter((request) => request.type === type),
    /** Closes the page. Fails if another host was contacted or the browser complained. */
    async leave(): Promise<void> {
      await context?.close()
      const { foreign, complaints } = watched
      expect(foreign.splice(0), 'nothing is asked of anybody else').toEqual([])
      expect(complaints.splice(0), 'the browser has nothing to complain about').toEqual([])
    },
    async close(): Promise<void> {
      await browser.close()
      await server[Symbol.asyncDispose]()
    },
  }
}

async function bundlePage(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'iife',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"' },
  })
  return outputFiles[0]?.text ?? ''
}

export const composer = (page: Page) => page.getByRole('textbox', { name: 'Message' })
export const sendButton = (page: Page) => page.getByRole('button', { name: 'Send message' })
export const answerText = (page: Page) => page.locator('.message').last()

/** The events that the page received from the element. */
export function seen(page: Page): Promise<{ name: string; detail?: never }[]> {
  return page.evaluate(() => (window as never as { seen: { name: string; detail?: never }[] }).seen)
}

/** The names of the events that the page received, in order. */
export async function heard(page: Page): Promise<string[]> {
  return (await seen(page)).map(({ name }) => name)
}

/** Writes a message and sends it. */
export async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text)
  await composer(page).press('Enter')
}

/** The barriers that axe rates as serious, for people who cannot see, hear or point. */
export async function barriers(page: Page): Promise<object[]> {
  await endFading(page)
  // The page's policy forbids foreign scripts, but it does not bind the debugger.
  await page.evaluate(AXE)
  const found = await page.evaluate(async () => {
    type Violation = { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }
    const { axe } = window as never as { axe: { run: (options: object) => Promise<{ violations: Violation[] }> } }
    const { violations } = await axe.run({ resultTypes: ['violations'] })
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      nodes: nodes.map(({ target, failureSummary }) => `${target.join(' ')} ${failureSummary}`),
    }))
  })
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical')
}

/** What is still fading in has less contrast than it will have. */
async function endFading(page: Page): Promise<void> {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.evaluate(() => {
    const inside = document.querySelector('openai-chatkit')?.shadowRoot?.getAnimations() ?? []
    return Promise.allSettled([...document.getAnimations(), ...inside].map(({ finished }) => finished))
  })
}

/** Everything that axe finds wrong with the element, however it is rated: rule and HTML. */
export async function violations(page: Page): Promise<unknown[]> {
  await endFading(page)
  await page.evaluate(AXE)
  return page.evaluate(async () => {
    const { axe } = window as never as {
      axe: { run: (where: Element | null) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
    }
    return (await axe.run(document.querySelector('openai-chatkit'))).violations.map(({ id, nodes }) => [
      id,
      nodes[0]?.html,
    ])
  })
}
