import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeContentSecurityPolicy } from '#lib/platform/http/security-headers.ts'
import { speak } from '#tests/support/element/element-answers.ts'
import { elementBrowser, say, sendButton } from '#tests/support/element/element-browser.ts'
import { PAYLOADS, STREAMED } from './payloads.ts'

// The page's policy only reports here. What the element lets through runs, is asked for, and is noted.

type Noted = { notes: string[] }

let stage: Awaited<ReturnType<typeof elementBrowser>>
let page: Page
/** What happened that may not happen. */
const notes: string[] = []

beforeAll(async () => {
  stage = await elementBrowser((run) => speak(run, `${STREAMED.join('\n\n')}\n\nThe end.`, { size: 11 }))
  page = await openPage()
})
afterAll(() => stage?.close())

async function openPage(): Promise<Page> {
  const { origin } = stage.server
  const context = (await stage.visit()).context()
  const opened = await context.newPage()
  const nonce = 'bm9uY2U='
  const policy = makeContentSecurityPolicy({ nonce, appUrl: origin, hostedChatKit: false, development: false })
  const html = [
    `<!doctype html><html lang="en"><style nonce="${nonce}">openai-chatkit { height: 700px }</style>`,
    `<openai-chatkit data-files-url="/files" data-calls-url="/calls"></openai-chatkit>`,
    `<script nonce="${nonce}" src="/chatkit.js"></script></html>`,
  ].join('')
  await opened.addInitScript(() => {
    const noted: string[] = []
    const hit = () => void noted.push('a script ran')
    Object.assign(window, { notes: noted, hit, open: () => void noted.push('a window opened') })
    document.addEventListener('securitypolicyviolation', (event) => {
      noted.push(`policy: ${event.violatedDirective} ${event.blockedURI}`)
    })
  })
  stage.server.pages.set('/hostile', { html, policy, isReportOnly: true })
  await context.route(
    (url) => url.origin !== origin && /^(https?|wss?):$/.test(url.protocol),
    (route) => {
      notes.push(`asked: ${route.request().url()}`)
      return route.fulfill({ status: 204 })
    },
  )
  await opened.goto(`${origin}/hostile`)
  opened.on('framenavigated', (frame) => {
    if (frame === opened.mainFrame()) notes.push(`went to ${frame.url()}`)
  })
  opened.on('dialog', (dialog) => {
    notes.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  opened.on('popup', (popup) => notes.push(`popup: ${popup.url()}`))
  opened.on('download', (download) => notes.push(`download: ${download.url()}`))
  opened.on('pageerror', (error) => notes.push(`error: ${error}`))
  await opened.evaluate(() => {
    const chat = document.querySelector('openai-chatkit')
    ;(chat as never as { setOptions: (options: object) => void }).setOptions({
      api: { url: '/chatkit', domainKey: 'x' },
    })
  })
  await opened.locator('openai-chatkit[data-loaded]').waitFor()
  return opened
}

/** Shows a thread that consists of the payloads of a place. */
async function show(place: string): Promise<void> {
  const created_at = new Date().toISOString()
  const items = (PAYLOADS[place] ?? []).map((make, at) => make({ id: `${place}_${at}`, thread_id: place, created_at }))
  stage.server.add({ id: place, title: `<img src=x onerror=hit()> ${place}`, items })
  await page.evaluate(
    (id) =>
      (document.querySelector('openai-chatkit') as never as { setThreadId: (id: string) => void }).setThreadId(id),
    place,
  )
  const shown = page.locator(place === 'files' ? '.question' : '.answer > *:not(h3)')
  await expect.poll(() => shown.count()).toBe(items.length)
  if (place === 'maths') await page.locator('.maths math').first().waitFor()
  // Formulas and colours come between frames.
  await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve, { timeout: 2_000 })))
}

/** Points at everything, opens what folds, and follows what is no ordinary link. */
function touch(): Promise<void> {
  return page.evaluate(async () => {
    const root = document.querySelector('openai-chatkit')?.shadowRoot
    for (const one of root?.querySelectorAll<HTMLElement>('.thread *') ?? []) {
      for (const type of ['mouseover', 'pointerenter', 'mouseenter', 'focusin', 'animationstart', 'toggle'])
        one.dispatchEvent(new Event(type, { bubbles: type === 'mouseover', composed: true }))
      const isOrdinary = one instanceof HTMLAnchorElement && /^(https?|mailto|chatkit-link):/.test(one.href)
      if (one.matches('a, summary, .call-toggle, .sources summary, mark, kbd') && !isOrdinary) one.click()
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  })
}

/** What is wrong with the elements of the conversation as they are now. */
function listFaults(): Promise<string[]> {
  return page.evaluate(() => {
    const root = document.querySelector('openai-chatkit')?.shadowRoot as ShadowRoot
    const faults: string[] = []
    const BAD_TAGS = 'script, iframe, object, embed, base, meta, link, style, foreignObject, use, animate, set, image'
    const BAD_ATTRIBUTES = /^(on.*|srcdoc|formaction|action|background|ping|srcset|poster|xlink:href)$/
    for (const one of root.querySelectorAll(BAD_TAGS)) faults.push(`element ${one.outerHTML.slice(0, 120)}`)
    for (const one of root.querySelectorAll<HTMLElement>('*')) {
      const told = () => one.outerHTML.slice(0, 160)
      for (const { name } of one.attributes) if (BAD_ATTRIBUTES.test(name)) faults.push(`${name} in ${told()}`)
      if (/url\(|image-set|\\/i.test(one.style?.cssText ?? '')) faults.push(`style of ${told()}`)
      if (one.closest('.md') && one.id) faults.push(`id of ${told()}`)
      if (one instanceof HTMLAnchorElement && one.href) {
        const isOwn = one.hasAttribute('download') && one.origin === location.origin
        if (!/^(https?|mailto|chatkit-link):/.test(one.protocol)) faults.push(`address of ${told()}`)
        if (one.matches('.source') && !one.textContent?.includes(new URL(one.href).hostname))
          faults.push(`no host in ${told()}`)
        if (!isOwn && (one.target !== '_blank' || !one.rel.includes('noopener'))) faults.push(`opener of ${told()}`)
      }
      const src = one.getAttribute('src')
      if (src && !/^data:image\//.test(src) && new URL(src, location.href).origin !== location.origin)
        faults.push(`source of ${told()}`)
    }
    const items = root.querySelectorAll<HTMLElement>('.answer > *:not(h3), .question')
    items.forEach((item, at) => {
      const box = item.getBoundingClientRect()
      for (const one of item.querySelectorAll<HTMLElement>('*')) {
        const { position } = getComputedStyle(one)
        if (one.closest('.sr-only, svg, annotation, .actions') || !one.checkVisibility()) continue
        if (position !== 'static' && position !== 'relative')
          faults.push(`item ${at}: ${position} ${one.outerHTML.slice(0, 120)}`)
        const seen = visiblePart(one, item)
        const out =
          seen.left < box.left - 2 ||
          seen.right > box.right + 2 ||
          seen.top < box.top - 2 ||
          seen.bottom > box.bottom + 2
        if (out && seen.right > seen.left && seen.bottom > seen.top)
          faults.push(`item ${at} leaves its box: ${one.outerHTML.slice(0, 160)}`)
      }
    })
    return faults

    /** The part of an element that the boxes around it, up to its item, do not cut off. */
    function visiblePart(one: HTMLElement, item: HTMLElement) {
      let { left, right, top, bottom } = one.getBoundingClientRect()
      for (let around = one.parentElement; around && item.contains(around); around = around.parentElement) {
        const { overflowX, overflowY } = getComputedStyle(around)
        const edge = around.getBoundingClientRect()
        if (overflowX !== 'visible') [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)]
        if (overflowY !== 'visible') [top, bottom] = [Math.max(top, edge.top), Math.min(bottom, edge.bottom)]
      }
      return { left, right, top, bottom }
    }
  })
}

/** Everything that was noted since the last time. */
async function takeNotes(): Promise<string[]> {
  const inside = await page.evaluate(() => (window as never as Noted).notes.splice(0))
  return [...notes.splice(0), ...inside]
}

test('there are 200 payloads', () => {
  expect(Object.values(PAYLOADS).flat().length).toBeGreaterThanOrEqual(200)
})

for (const place of Object.keys(PAYLOADS))
  test(`nothing in ${place} runs, asks another origin, or leaves its box`, async () => {
    await show(place)
    if (place === 'diagrams') await drawAll()
    expect(await listFaults()).toEqual([])
    await touch()
    expect(await takeNotes()).toEqual([])
  })

/** Has every diagram drawn, or refused. */
async function drawAll(): Promise<void> {
  const blocks = page.locator('.code')
  for (const block of await blocks.all()) {
    await block.getByRole('button', { name: 'Show diagram' }).click()
    await block.locator('.diagram img, .diagram-failure').waitFor()
  }
  expect(await page.locator('.diagram img').count()).toBeGreaterThan(0)
}

test('nothing runs or asks while it is written piece by piece', async () => {
  await page.evaluate(() =>
    (document.querySelector('openai-chatkit') as never as { setThreadId: (id: null) => void }).setThreadId(null),
  )
  await say(page, 'go')
  await page.locator('.md').getByText('The end.').waitFor()
  await sendButton(page).waitFor()
  await touch()
  expect(await listFaults()).toEqual([])
  expect(await takeNotes()).toEqual([])
})
