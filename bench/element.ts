// npm run bench -- element: what the chat element costs in Chromium. Ratios compare a thread of 5,000 items
// with one of 50 in the same browser.
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { buildElement } from '#scripts/build-element.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { fakeChatKit, type Run } from '#tests/support/element/fake-chatkit.ts'

const DELTAS = 1_000
/** Between two deltas: 100 a second. */
const PAUSE_MS = 10
const TURNS = 500
const WORDS = 'Some words of an answer that goes on. '
const HTML = `<!doctype html><html lang="en"><style>openai-chatkit { display: block; height: 700px }</style>
<openai-chatkit></openai-chatkit><script src="/chatkit.js"></script><script>
  const chat = document.querySelector('openai-chatkit')
  window.tasks = []
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' })
  chat.setOptions({ api: { url: '/chatkit', domainKey: 'x' }, initialThread: location.hash.slice(1) || null })
</script></html>`

const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-bench-'))
const files = await buildElement(path.join(folder, 'chatkit.js'))
const server = await fakeChatKit({ files, page: '' }, answer)
server.pages.set('/bench', { html: HTML, policy: '' })
const browser = await openBrowser(['--js-flags=--expose-gc', '--enable-precise-memory-info'])
try {
  console.log(`${(gzipSync(files['/chatkit.js'] ?? '').length / 1000).toFixed(1).padStart(8)}  kB gzip, /chatkit.js`)
  const [short, long] = [await measureThread(browser, 50), await measureThread(browser, 5_000)]
  for (const [name, { openMs, mainMs, longestMs }] of Object.entries({ '50 items': short, '5,000 items': long })) {
    console.log(`${openMs.toFixed(0).padStart(8)}  ms until a thread of ${name} is open`)
    console.log(`${mainMs.toFixed(0).padStart(8)}  ms of the main thread for ${DELTAS} deltas, ${name}`)
    console.log(`${longestMs.toFixed(0).padStart(8)}  ms, the longest task of such an answer, ${name} (0: under 50)`)
  }
  console.log(`${(long.openMs / short.openMs).toFixed(2).padStart(8)}  opening 5,000 items : 50 items`)
  console.log(`${(long.mainMs / short.mainMs).toFixed(2).padStart(8)}  main thread, 5,000 items : 50 items`)
  console.log(
    `${(await measureMemory(browser)).toFixed(2).padStart(8)}  memory after ${TURNS} turns : after half of them`,
  )
} finally {
  await browser.close()
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
}
process.exit(0)

/** An answer of 1,000 deltas, or a short one. */
async function answer(run: Run, text: string): Promise<void> {
  const at = { thread_id: run.thread.id, created_at: new Date().toISOString() }
  const item = { ...at, type: 'assistant_message', id: `a_${run.id}`, content: [] as object[] }
  const deltas = text === 'stream' ? DELTAS : 3
  run.send({ type: 'thread.item.added', item })
  let said = ''
  for (let count = 1; count <= deltas; count += 1) {
    const delta = `word ${count % 40 === 0 ? '\n\n' : ''}`
    said += delta
    const update = { type: 'assistant_message.content_part.text_delta', content_index: 0, delta }
    run.send({ type: 'thread.item.updated', item_id: item.id, update })
    if (text === 'stream') await sleep(PAUSE_MS)
  }
  run.send({
    type: 'thread.item.done',
    item: { ...item, content: [{ type: 'output_text', text: said, annotations: [] }] },
  })
}

function addThread(id: string, count: number): void {
  const items = Array.from({ length: count }, (_, at) => {
    const base = { thread_id: id, id: `${id}_${at}`, created_at: new Date().toISOString() }
    if (at % 2 === 0) {
      const content = [{ type: 'input_text', text: `question ${at}` }]
      return { ...base, type: 'user_message', content, attachments: [], inference_options: {} }
    }
    const text = `${WORDS.repeat(1 + (at % 20))}\n\n- the end of ${at}.`
    return { ...base, type: 'assistant_message', content: [{ type: 'output_text', text, annotations: [] }] }
  })
  server.add({ id, title: id, items })
}

async function open(browser: Browser, id: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 900, height: 700 } })
  await page.goto(`${server.origin}/bench#${id}`)
  return page
}

/** Opens a thread, loads all of it, and lets an answer stream into it. */
async function measureThread(browser: Browser, count: number) {
  addThread(`t${count}`, count)
  const began = performance.now()
  const page = await open(browser, `t${count}`)
  await page.getByText(`the end of ${count - 1}.`).waitFor()
  const openMs = performance.now() - began
  await page.locator('.scroller').evaluate(async (box) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    while (box.querySelector('.load-older')) {
      box.scrollTop = 0
      await frame()
    }
    box.scrollTop = box.scrollHeight
  })
  await sleep(1_000)
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  const readMain = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1_000
  }
  await page.evaluate(() => (window as never as { tasks: number[] }).tasks.splice(0))
  const before = await readMain()
  await send(page, 'stream')
  const mainMs = (await readMain()) - before
  await sleep(500)
  const longestMs = await page.evaluate(() => Math.max(0, ...(window as never as { tasks: number[] }).tasks))
  await page.close()
  return { openMs, mainMs, longestMs }
}

/** Asks, and waits for the end of the answer. */
async function send(page: Page, text: string): Promise<void> {
  await page.evaluate(async (text) => {
    const chat = document.querySelector('openai-chatkit') as never as HTMLElement & {
      sendUserMessage: (message: { text: string }) => Promise<void>
    }
    const ended = new Promise((resolve) => chat.addEventListener('chatkit.response.end', resolve, { once: true }))
    await chat.sendUserMessage({ text })
    await ended
  }, text)
}

/** The heap after many turns in one tab, beside the heap after half of them, less what the items themselves are. */
async function measureMemory(browser: Browser): Promise<number> {
  const page = await open(browser, '')
  await page.locator('openai-chatkit[data-loaded]').waitFor()
  const readHeap = () =>
    page.evaluate(() => {
      ;(window as never as { gc: () => void }).gc()
      return (performance as never as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize
    })
  const run = async (turns: number) => {
    for (let turn = 0; turn < turns; turn += 1) {
      // Each tenth turn begins a new thread, so that only what is never freed adds up.
      if (turn % 10 === 0)
        await page.evaluate(() =>
          (
            document.querySelector('openai-chatkit') as never as { setThreadId: (id: null) => Promise<void> }
          ).setThreadId(null),
        )
      await send(page, `turn ${turn}`)
    }
    return readHeap()
  }
  const half = await run(TURNS / 2)
  const all = await run(TURNS / 2)
  await page.close()
  return all / half
}
