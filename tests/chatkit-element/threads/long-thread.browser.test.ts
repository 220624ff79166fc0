import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { gates, scriptedAnswer } from '#tests/support/element/element-answers.ts'
import { answerText, elementBrowser, say, violations } from '#tests/support/element/element-browser.ts'

// A thread of three days and 240 items. What it costs is measured by `npm run bench -- element`.

const TURNS = 120
const TURNS_A_DAY = 40
const DAY_MS = 86_400_000

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  // As if a screen reader were running.
  stage = await elementBrowser(scriptedAnswer, { flags: ['--force-renderer-accessibility'] })
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

/** The last of the days is today. */
function addLongThread(id: string): void {
  const noon = new Date().setHours(0, 0, 0, 0)
  const items = Array.from({ length: TURNS }, (_, n) => {
    const created_at = new Date(
      noon - (2 - Math.floor(n / TURNS_A_DAY)) * DAY_MS + (n % TURNS_A_DAY) * 1_000,
    ).toISOString()
    const at = { thread_id: id, created_at }
    const text = `${'Some words of an answer. '.repeat(1 + ((n * 7) % 40))}\n\n- answer n${n}.`
    return [
      {
        ...{
          ...at,
          type: 'user_message',
          id: `${id}_q${n}`,
          content: [{ type: 'input_text', text: `question n${n}.` }],
        },
        ...{ attachments: [], inference_options: {} },
      },
      {
        ...at,
        type: 'assistant_message',
        id: `${id}_a${n}`,
        content: [{ type: 'output_text', text, annotations: [] }],
      },
    ]
  }).flat()
  stage.server.add({ id, title: 'Long', items })
}

async function openLong(id: string, options: object = {}): Promise<Page> {
  addLongThread(id)
  const page = await stage.visit({ initialThread: id, ...options })
  await page.getByText('answer n119.').waitFor()
  return page
}

const bottomGap = (page: Page) =>
  page.locator('.scroller').evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight)

/** Scrolls up as a person does, to the beginning. Returns how far what is read jumped at most (px). */
function scrollUp(page: Page): Promise<number> {
  return page.locator('.scroller').evaluate(async (box) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    const top = (one: Element | undefined) => one?.getBoundingClientRect().top ?? 0
    const middle = top(box) + box.clientHeight / 2
    let worst = 0
    for (let step = 0; step < 3_000 && (box.scrollTop > 0 || box.querySelector('.load-older')); step += 1) {
      const bubbles = [...box.querySelectorAll('.bubble')]
      const read = bubbles.find((one) => top(one) > middle) ?? bubbles.at(-1)
      const before = top(read)
      const by = Math.min(700, box.scrollTop)
      box.scrollTop -= by
      await frame()
      // In the middle of a frame, sizes may be new and the place not yet held.
      const jumps: number[] = []
      for (let look = 0; look < 3 && (jumps.at(-1) ?? 9) > 1; look += 1) {
        await frame()
        jumps.push(Math.abs(top(read) - before - by))
      }
      worst = Math.max(worst, Math.min(...jumps))
    }
    return worst
  })
}

/** What a screen reader reads, in order. */
async function listRead(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page)
  const { nodes } = await session.send('Accessibility.getFullAXTree')
  const byId = new Map(nodes.map((node) => [node.nodeId, node]))
  const read = (id: string): string[] => {
    const { role, name, childIds = [] } = byId.get(id) ?? {}
    return role?.value === 'StaticText' ? [String(name?.value)] : childIds.flatMap(read)
  }
  return read(nodes[0]?.nodeId ?? '')
}

test('opening reads one page of items, scrolling up loads the rest without a jump, and each day is named', async () => {
  const page = await openLong('jumps')
  expect(await bottomGap(page)).toBeLessThan(5)
  expect(stage.sent('items.list').map(({ params }) => params.limit)).toEqual([50])
  expect(await scrollUp(page)).toBeLessThan(2)
  const questions = await page.locator('.bubble').allTextContents()
  expect(questions).toEqual(Array.from({ length: TURNS }, (_, n) => `question n${n}.`))
  expect(stage.sent('items.list')).toHaveLength(5)
  await expectDays(page)
})

/** Each day is named once, and the time of a message is seen on hover. */
async function expectDays(page: Page): Promise<void> {
  const longAgo = new Intl.DateTimeFormat('en-US', { weekday: 'long', day: 'numeric', month: 'long' })
  const name = longAgo.format(Date.now() - 2 * DAY_MS)
  expect((await page.locator('.day').allTextContents()).map((text) => text.replace(/, \d{4}$/, ''))).toEqual([
    name,
    'yesterday',
    'today',
  ])
  const first = page.locator('.turn').first()
  const time = first.locator('.question time')
  await first.hover()
  await expect
    .poll(() => time.evaluate((one) => getComputedStyle(one.closest('.actions') as Element).opacity))
    .toBe('1')
  expect(await time.textContent()).toMatch(/^12:00\sAM$/)
  expect(await first.locator('> .actions time').getAttribute('title')).toContain(name.split(',')[0])
  await page.locator('.composer').hover()
  await expect
    .poll(() => time.evaluate((one) => getComputedStyle(one.closest('.actions') as Element).opacity))
    .toBe('0')
  expect(await violations(page)).toEqual([])
}

test('what is far from the screen is skipped, but it is found, read aloud in order, and keeps its place', async () => {
  const page = await openLong('skips')
  await scrollUp(page)
  const box = page.locator('.scroller')
  await box.evaluate((one) => one.scrollTo(0, one.scrollHeight))
  const isSkipped = (text: string) =>
    page.getByText(text, { exact: true }).evaluate((one) => !one.checkVisibility({ contentVisibilityAuto: true }))
  await expect.poll(() => isSkipped('answer n9.')).toBe(true)
  await expect.poll(() => isSkipped('answer n119.')).toBe(false)

  const said = (await listRead(page)).filter((text) => /^(question|answer) n\d+\.$/.test(text))
  expect(said).toEqual(Array.from({ length: TURNS }, (_, n) => [`question n${n}.`, `answer n${n}.`]).flat())

  // A browser that finds a word brings it to the screen.
  const height = await box.evaluate((one) => one.scrollHeight)
  await page.getByText('answer n9.', { exact: true }).evaluate((one) => one.scrollIntoView())
  await expect.poll(() => isSkipped('answer n9.')).toBe(false)
  expect(await box.evaluate((one) => one.scrollHeight)).toBe(height)
})

test('what is far from the screen learns, too, that an answer begins and ends', async () => {
  const page = await openLong('told', { versions: 'on' })
  await scrollUp(page)
  await page.locator('.scroller').evaluate((one) => one.scrollTo(0, one.scrollHeight))
  const first = page.locator('.turn').first().locator('[data-edit]')
  const deletes = page.getByRole('button', { name: 'Delete message and answer' })
  const isSkipped = () => first.evaluate((one) => !one.checkVisibility({ contentVisibilityAuto: true }))
  await expect.poll(isSkipped).toBe(true)
  let go = () => {}
  gates.set('wait', new Promise((resolve) => (go = resolve as () => void)))
  await say(page, 'wait')
  await expect.poll(() => deletes.count()).toBe(0)
  go()
  await answerText(page).getByText('and the rest.').waitFor()
  await expect.poll(() => deletes.count()).toBe(TURNS + 1)
})

test('what is read stays in place when the window gets narrower', async () => {
  const page = await openLong('narrow')
  await scrollUp(page)
  const box = page.locator('.scroller')
  const bubble = page.locator('.bubble', { hasText: 'question n60.' })
  const distance = () => bubble.evaluate((one) => one.getBoundingClientRect().top)
  await box.evaluate((one) => {
    const read = [...one.querySelectorAll('.bubble')][60]
    one.scrollTop += (read?.getBoundingClientRect().top ?? 0) - one.getBoundingClientRect().top - 10
  })
  const before = await distance()
  for (const width of [420, 900]) {
    await page.setViewportSize({ width, height: 700 })
    await expect.poll(async () => Math.abs((await distance()) - before)).toBeLessThan(2)
  }
})

test('a menu that reaches out of its turn is not cut off', async () => {
  stage.server.add({
    id: 'menu',
    items: [
      {
        ...{ type: 'widget', id: 'w_menu', thread_id: 'menu', created_at: new Date().toISOString() },
        widget: { type: 'Card', children: [{ type: 'Button', label: 'Press' }] },
      },
    ],
  })
  const page = await stage.visit({ initialThread: 'menu' })
  const button = page.getByRole('button', { name: 'Press' })
  const skips = () =>
    button.evaluate((one) => {
      const boxes = [one.closest('.turn'), one.closest('.chapter')]
      return boxes.map((box) => (box ? getComputedStyle(box).contentVisibility : ''))
    })
  await expect.poll(skips).toEqual(['auto', 'auto'])
  await button.focus()
  expect(await skips()).toEqual(['visible', 'visible'])
})

test('earlier turns are not drawn again while an answer streams', async () => {
  const page = await openLong('streams', { versions: 'on' })
  await scrollUp(page)
  await say(page, 'slow')
  await page.getByText('word word').first().waitFor()
  // By then every turn knows that an answer is being written.
  await expect.poll(() => page.getByRole('button', { name: 'Delete message and answer' }).count()).toBe(0)
  await page
    .locator('.bubble')
    .first()
    .evaluate((bubble) => {
      const noted = { changes: 0 }
      Object.assign(window, { noted })
      const turns = [...(bubble.closest('.thread')?.querySelectorAll('.turn') ?? [])].slice(0, -1)
      for (const turn of turns) {
        const observer = new MutationObserver((changes) => {
          noted.changes += changes.length
        })
        observer.observe(turn, { subtree: true, childList: true, characterData: true, attributes: true })
      }
    })
  await expect.poll(async () => (await answerText(page).textContent())?.length).toBeGreaterThan(200)
  const redrawn = await page.evaluate(() => (window as never as { noted: { changes: number } }).noted.changes)
  expect(redrawn, 'earlier turns are not drawn again for each word').toBe(0)
  await expect.poll(() => bottomGap(page)).toBeLessThan(60)
  await page.locator('.scroller').evaluate((box) => box.scrollTo(0, 300))
  await page.waitForTimeout(200)
  expect(await page.locator('.scroller').evaluate((box) => box.scrollTop)).toBe(300)
  await page.getByRole('button', { name: 'Jump to the latest message' }).click()
  await expect.poll(() => bottomGap(page)).toBeLessThan(60)
})
