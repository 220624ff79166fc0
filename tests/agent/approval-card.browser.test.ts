import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { makeApprovalCard } from '#lib/agent/approvals/approval-card.ts'
import { makeConnectCard } from '#lib/agent/cards/connect-card.ts'
import { elementBrowser, say } from '#tests/support/element/element-browser.ts'
import type { Run } from '#tests/support/element/fake-chatkit.ts'

// The cards that a person decides by, as Chromium draws them.

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(answer)
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

const CALLS: Record<string, Record<string, unknown>> = {
  spaces: { to: `ann@example.com${' '.repeat(400)},evil@example.com` },
  'few spaces': { to: `ann@example.com${' '.repeat(15)}`.repeat(12), last: 'evil@example.com' },
  'one word': { url: `https://example.com/${'x'.repeat(2_000)}/evil` },
  nested: { a: { b: { c: { d: { e: { f: ['x'.repeat(300), 'evil@example.com'] } } } } } },
  hidden: {
    text: `OK 🙂${String.fromCodePoint(0xe0100, 0xe0101, 0xe01ef)}`,
    braille: 'a\u2800b',
    joined: 'a\u034fb',
    rtl: 'a\u202egnp.exe',
  },
  host: { url: 'https://аррӏе.com/login', flag: '🏴󠁧󠁢󠁥󠁮󠁧󠁿 👨‍👩‍👧', fa: 'می‌خواهم' },
}

const FILLED_IN = ['user_id']

async function answer(run: Run, text: string): Promise<void> {
  const at = { thread_id: run.thread.id, created_at: new Date().toISOString() }
  const asked = {
    id: 'apr_1',
    server: 'mail',
    arguments: CALLS[text],
    filledIn: FILLED_IN,
    reason: 'destructive',
    remember: true,
  } as const
  const widget =
    text === 'connect'
      ? makeConnectCard({
          server: { id: 's', name: 'shop\u2800', url: 'https://аррӏе.com/mcp' } as never,
          tool: 'or\u200bders',
          why: 'missing',
        })
      : makeApprovalCard({ ...asked, tool: text === 'one word' ? `send_${'x'.repeat(300)}` : 'send_mail' })
  run.send({ type: 'thread.item.done', item: { type: 'widget', id: `w_${run.id}`, ...at, widget } })
}

/** The drawn text of the card, and the number of lines that stick out at its sides. */
async function drawn(page: Page): Promise<{ text: string; outside: number }> {
  await page.locator('.w-card button').first().waitFor()
  return page.locator('.w-card').evaluate((card) => {
    const box = card.getBoundingClientRect()
    const range = document.createRange()
    range.selectNodeContents(card)
    const outside = [...range.getClientRects()].filter(
      ({ left, right, width }) => width > 0 && (left < box.left - 1 || right > box.right + 1),
    )
    return { text: (card as HTMLElement).innerText, outside: outside.length }
  })
}

const SIZES = { wide: { width: 1_280, height: 800 }, narrow: { width: 390, height: 800 } }

test.each(Object.keys(CALLS).flatMap((call) => Object.keys(SIZES).map((size) => [call, size] as const)))(
  'every part of a call is drawn inside its card: %s, %s',
  async (call, size) => {
    const page = await stage.visit({}, { viewport: SIZES[size as keyof typeof SIZES] })
    await say(page, call)
    const { text, outside } = await drawn(page)
    expect(outside).toBe(0)
    if (JSON.stringify(CALLS[call]).includes('evil')) expect(text).toContain('evil')
    expect(text).toContain('Your session fills in: user_id.')
    expect(text.includes('⟦400 spaces⟧')).toBe(call === 'spaces')
  },
)

test('invisible characters are shown, and joined emoji stay whole', async () => {
  const page = await stage.visit()
  await say(page, 'hidden')
  const { text } = await drawn(page)
  for (const seen of ['OK 🙂⟦U+E0100⟧⟦U+E0101⟧⟦U+E01EF⟧', 'a⟦U+2800⟧b', 'a⟦U+034F⟧b', 'a⟦U+202E⟧gnp.exe'])
    expect(text).toContain(seen)
})

test('a host name in another script is followed by its punycode', async () => {
  const page = await stage.visit()
  await say(page, 'host')
  const { text } = await drawn(page)
  for (const seen of ['https://аррӏе.com⟦xn--80ak6aa92e.com⟧/login', '"🏴󠁧󠁢󠁥󠁮󠁧󠁿 👨‍👩‍👧"', '"می‌خواهم"'])
    expect(text).toContain(seen)
})

test('a connect card also shows invisible characters and punycode', async () => {
  const page = await stage.visit()
  await say(page, 'connect')
  const { text, outside } = await drawn(page)
  expect(outside).toBe(0)
  for (const seen of ['Connect shop⟦U+2800⟧', 'or⟦U+200B⟧ders', 'xn--80ak6aa92e.com']) expect(text).toContain(seen)
})
