import { mkdirSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { speak } from '#tests/support/element/element-answers.ts'
import { barriers, composer, elementBrowser, say } from '#tests/support/element/element-browser.ts'

// A tool that goes on after its answer, while the person may write.

type Line = { type: 'thread.item.replaced'; item: { id: string; type: string } }

const SHOTS = 'artifacts/background'
let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true })
  stage = await elementBrowser(async (run, text) => {
    if (text === 'dig') run.send({ ...line(run.thread.id, 'Dig in the garden'), type: 'thread.item.done' })
    else if (text === 'result') {
      run.send(line(run.thread.id, 'Dig in the garden', 'complete'))
      await speak(run, 'It was gold.')
    } else await speak(run, 'Of course.')
  })
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

function line(thread_id: string, title: string, status = 'loading', content = '`{"place":"garden"}`'): Line {
  const tool_call = { run_id: 'run_1', call_id: 'c1', ...(status === 'loading' && { goes_on: true }) }
  const task = { type: 'custom', status_indicator: status, icon: 'bolt', title, content, tool_call }
  const workflow = { type: 'custom', expanded: false, tasks: [task], summary: { duration: 4 } }
  const item = { type: 'workflow', id: `wf_${thread_id}`, thread_id, created_at: new Date().toISOString(), workflow }
  return { type: 'thread.item.replaced', item }
}

async function begun(settings: Parameters<typeof stage.visit>[1] = {}) {
  const page = await stage.visit({}, settings)
  await say(page, 'dig')
  await page.getByText('Goes on in the background. You can write meanwhile.').waitFor()
  const [thread] = [...stage.server.threads.values()].slice(-1)
  const id = thread?.id ?? ''
  await expect.poll(() => stage.server.waiting.has(id)).toBe(true)
  return { page, id }
}

test('the line shows how far the tool is, and its answer begins by itself', async () => {
  const { page, id } = await begun()
  stage.server.beside(id, line(id, 'Dig in the garden (5 of 6)'))
  await page.getByRole('button', { name: 'Dig in the garden (5 of 6)' }).waitFor()
  expect(await barriers(page)).toEqual([])
  await stage.server.begin(id, 'result')
  await page.locator('.message').getByText('It was gold.').waitFor()
  expect(await page.getByText('Goes on in the background').count()).toBe(0)
})

test('the person writes meanwhile, and the tool is followed again after the answer', async () => {
  const { page, id } = await begun()
  stage.server.waiting.delete(id)
  await say(page, 'are you there?')
  await page.locator('.message').getByText('Of course.').waitFor()
  await expect.poll(() => stage.server.waiting.has(id)).toBe(true)
  await stage.server.begin(id, 'result')
  await page.locator('.message').getByText('It was gold.').waitFor()
})

test('Stop ends the tool', async () => {
  const { page, id } = await begun()
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await expect.poll(() => stage.sent('threads.stop').length).toBe(1)
  const item = line(id, 'Dig in the garden', 'complete', 'Failed: The call was stopped.').item
  stage.server.beside(id, { type: 'thread.item.replaced', item })
  await expect.poll(() => page.getByText('Goes on in the background').count()).toBe(0)
  await composer(page).fill('next')
})

test('a page that is opened later follows the tool too', async () => {
  const { page, id } = await begun()
  stage.server.waiting.delete(id)
  await page.evaluate((threadId) => {
    const element = document.querySelector('openai-chatkit') as never as {
      setThreadId(id: string | null): Promise<void>
    }
    return element.setThreadId(null).then(() => element.setThreadId(threadId))
  }, id)
  await expect.poll(() => stage.server.waiting.has(id)).toBe(true)
})

test.each([
  ['wide', { width: 900, height: 420 }, 'light'],
  ['wide', { width: 900, height: 420 }, 'dark'],
  ['narrow', { width: 390, height: 560 }, 'light'],
  ['narrow', { width: 390, height: 560 }, 'dark'],
] as const)('%s (%o, %s) nothing sticks out', async (name, viewport, colorScheme) => {
  const { page, id } = await begun({ viewport, colorScheme })
  stage.server.beside(id, line(id, 'Dig in the garden (5 of 6)'))
  await page.getByRole('button', { name: 'Dig in the garden (5 of 6)' }).click()
  await page.screenshot({ path: `${SHOTS}/${name}-${colorScheme}.png` })
  const outside = await page.locator('.background').evaluate((node) => node.scrollWidth > node.clientWidth)
  expect(outside).toBe(false)
})
