import { runInNewContext } from 'node:vm'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { scriptedAnswer } from '#tests/support/element/element-answers.ts'
import { composer, elementBrowser, say, sendButton } from '#tests/support/element/element-browser.ts'

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(scriptedAnswer)
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

test('the script does nothing if there is no browser', async () => {
  expect(() => runInNewContext(stage.element, {})).not.toThrow()
})

test('on a page without React the first listener hears "ready" once, however late; a removed one never does', async () => {
  const page = await stage.visit()
  const heard = await page.evaluate(async () => {
    const element = document.createElement('openai-chatkit') as HTMLElement & { setOptions: (options: object) => void }
    const counts = { removed: 0, first: 0, second: 0 }
    element.setOptions({ api: { url: '/chatkit', domainKey: 'x' } })
    document.body.append(element)
    const frame = () => new Promise((resolve) => setTimeout(resolve, 20))
    while (!element.shadowRoot?.querySelector('.composer')) await frame()
    const gone = new AbortController()
    element.addEventListener('chatkit.ready', () => counts.removed++, { signal: gone.signal })
    gone.abort()
    element.addEventListener('chatkit.ready', () => counts.first++)
    while (counts.first === 0) await frame()
    element.addEventListener('chatkit.ready', () => counts.second++)
    for (let wait = 0; wait < 5; wait += 1) await frame()
    // A move within the page keeps the conversation. Removing the element must not throw.
    document.querySelector('main')?.append(element)
    const kept = element.shadowRoot?.querySelector('.composer') !== null
    element.remove()
    return { ...counts, kept }
  })
  expect(heard).toEqual({ removed: 0, first: 1, second: 0, kept: true })
})

test('a draft is stored when the page is left, also by an element that was removed and put back', async () => {
  const page = await stage.visit()
  const kept = await page.evaluate(async () => {
    const element = document.createElement('openai-chatkit') as HTMLElement & {
      setOptions: (options: object) => void
      setComposerValue: (value: object) => void
    }
    Object.assign(element.dataset, { draftsKey: 'own-drafts', draftsOwner: 'ann' })
    document.body.append(element)
    element.setOptions({ api: { url: '/chatkit', domainKey: 'x' } })
    const stored: (string | null)[] = []
    // The page is left at once, before a pause in the writing stores the draft.
    const leaveWith = (text: string) => {
      element.setComposerValue({ text })
      dispatchEvent(new Event('pagehide'))
      stored.push(localStorage.getItem('own-drafts'))
    }
    leaveWith('the first draft')
    element.remove()
    await new Promise((resolve) => setTimeout(resolve))
    document.body.append(element)
    leaveWith('the second draft')
    element.remove()
    return stored
  })
  expect(kept).toEqual([expect.stringContaining('the first draft'), expect.stringContaining('the second draft')])
})

test('options change the look at once, invalid ones throw, and the theme sets the colours', async () => {
  const page = await stage.visit({
    theme: { colorScheme: 'dark', radius: 'sharp', color: { accent: { primary: 'rgb(200, 30, 90)', level: 2 } } },
    locale: 'he',
    frameTitle: 'Helpdesk',
  })
  const region = page.getByRole('region', { name: 'Helpdesk' })
  expect(await region.getAttribute('dir')).toBe('rtl')
  expect(await page.locator('.composer').evaluate((form) => getComputedStyle(form).borderRadius)).toBe('3px')
  await composer(page).fill('x')
  await expect
    .poll(() => sendButton(page).evaluate((button) => getComputedStyle(button).backgroundColor))
    .toBe('rgb(200, 30, 90)')
  expect(await page.locator('openai-chatkit').getAttribute('data-color-scheme')).toBe('dark')
  const refusal = (options: object) =>
    page.evaluate((bad) => {
      const element = document.createElement('openai-chatkit') as unknown as { setOptions: (options: object) => void }
      try {
        element.setOptions(bad)
        return undefined
      } catch (error) {
        return String(error)
      }
    }, options)
  expect(await refusal({})).toContain('api.url')
  expect(await refusal({ api: { getClientSecret: 'a function' } })).toContain('getClientSecret is not supported')
  const attachments = { enabled: true }
  expect(await refusal({ api: { url: '/chatkit', domainKey: 'x' }, composer: { attachments } })).toContain(
    'needs api.uploadStrategy',
  )
})

test('an answer cannot run scripts, load anything or link to anything but https, streamed or reloaded', async () => {
  const page = await stage.visit()
  await say(page, 'xss')
  const verdict = async () => {
    await page.getByText('evil.example/auto').first().waitFor()
    await sendButton(page).waitFor()
    await page.waitForTimeout(100)
    const found = await page.evaluate(() => {
      const root = document.querySelector('openai-chatkit')?.shadowRoot
      const all = [...(root?.querySelectorAll('.md *') ?? [])]
      return {
        hacked: 'hacked' in window,
        tags: [...new Set(all.map((element) => element.tagName.toLowerCase()))],
        handlers: all.flatMap((element) =>
          element.getAttributeNames().filter((name) => name.startsWith('on') || name === 'style'),
        ),
        links: all.filter((element) => element.tagName === 'A').map((element) => element.getAttribute('href')),
        titles: all.flatMap((element) => (element.tagName === 'A' ? [element.getAttribute('title')] : [])),
        rels: all.filter((element) => element.tagName === 'A').map((element) => element.getAttribute('rel')),
      }
    })
    expect(found.hacked).toBe(false)
    expect(
      found.tags.filter((tag) =>
        ['script', 'img', 'svg', 'style', 'iframe', 'form', 'input', 'math', 'details'].includes(tag),
      ),
    ).toEqual([])
    expect(found.handlers).toEqual([])
    expect(found.links.every((href) => href?.startsWith('https://'))).toBe(true)
    const hosts = found.links.map((href) => new URL(href ?? '').host)
    expect(found.titles.map((title) => title?.split(': ')[0])).toEqual(hosts)
    expect(found.titles).toContain('ok.example: a title that names evil.example')
    expect(new Set(found.rels)).toEqual(new Set(['noopener noreferrer']))
  }
  await verdict()
  const id = [...stage.server.threads.keys()].at(-1)
  await page.goto('about:blank')
  await page.goto(`${stage.server.origin}/#${encodeURIComponent(JSON.stringify({ initialThread: id }))}`)
  await verdict()
})
