import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import { Api } from '#lib/chatkit/client/api.ts'
import { followAnswer } from '#lib/chatkit/client/follow-answer.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { english } from '#lib/chatkit-element/language/strings.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { message, open } from '#tests/support/browser/browser-tab.ts'
import { signedIn } from '#tests/support/people/people.ts'
import type { AppServer } from '#tests/support/processes/app-server.ts'
import type { Replicas } from '#tests/support/processes/replicas.ts'

// Sends that a kill -9 meets in their first 20 to 220 ms, by the page's client code: `followAnswer`
// in this process for many at once, and the page itself in a browser.

/** The age (ms) of a send when the kill meets it. */
const OLD_MS = { min: 20, max: 220 }
/** How long (ms) a person keeps pressing the button while a message is reported as not sent. */
const PATIENT_MS = 180_000

type Person = Awaited<ReturnType<typeof signedIn>>
type Send = { person: Person; text: string; threadId: string | undefined }
/**
 * The number of messages that were sent, that were acknowledged before the kill, and that were
 * answered without a button.
 */
export type Tally = { sends: number; heard: number; byThemselves: number }

/**
 * Starts `count` sends, half of them in existing threads, kills their server, and follows each to
 * its answer at `next`.
 */
export async function killSends(
  apps: Replicas,
  doomed: AppServer,
  next: () => Promise<AppServer>,
  count: number,
): Promise<Tally> {
  apps.proxy.use(doomed.url)
  const sends = await Promise.all(
    Array.from({ length: count }, (_, n) => prepare(`message ${n} ${crypto.randomUUID()}`, n % 2 === 0)),
  )
  const tally: Tally = { sends: count, heard: 0, byThemselves: 0 }
  // The first request of a process loads its modules. A kill would meet that instead of the sends.
  const first = await signedIn()
  await (await open(doomed.url, first, 'threads.create', message('hello'))).read()
  const killed = Promise.withResolvers<void>()
  const all = sends.map(async (send) => {
    await sleep(Math.random() * (OLD_MS.max - OLD_MS.min))
    return follow(apps.proxy.url, send, killed.promise, tally)
  })
  await sleep(OLD_MS.max)
  doomed.kill('SIGKILL')
  await doomed.ended
  apps.proxy.use((await next()).url)
  killed.resolve()
  await Promise.all(all)
  for (const send of sends) await check(send)
  return tally
}

async function prepare(text: string, isNew: boolean): Promise<Send> {
  const person = await signedIn()
  if (isNew) return { person, text, threadId: undefined }
  const store = createPrismaStore(person.caller)
  const thread = {
    id: store.newThreadId(),
    created_at: new Date().toISOString(),
    status: { type: 'active' as const },
    metadata: {},
  }
  await store.saveThread(thread)
  return { person, text, threadId: thread.id }
}

/** Sends a message as the page does, and presses what the page offers until it is answered. */
async function follow(
  url: string,
  { person, text, threadId }: Send,
  killed: Promise<void>,
  tally: Tally,
): Promise<void> {
  const cookies: typeof fetch = (input, init) =>
    fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), ...person.headers } })
  const api = new Api(() => ({ url: `${url}/api/chatkit`, fetch: cookies, locale: 'en', strings: english }))
  // The page has seen a stream of this server before.
  Object.defineProperty(api, 'recognisesRepeats', { value: true })
  const id = crypto.randomUUID()
  const events: ThreadStreamEvent[] = []
  let isKilled = false
  void killed.then(() => {
    isKilled = true
  })
  const knownThread = () => threadId ?? events.find((event) => event.type === 'thread.created')?.thread.id ?? null
  const messageId = () =>
    events.flatMap((event) =>
      event.type === 'thread.item.done' && event.item.type === 'user_message' ? event.item.id : [],
    )[0]
  const isAnswered = () =>
    events.some((event) => event.type === 'thread.item.done' && event.item.type === 'assistant_message')
  const hooks = {
    onEvent: (event: ThreadStreamEvent) => {
      if (!isKilled && events.length === 0) tally.heard += 1
      events.push(event)
    },
    onReconnecting: () => {},
    threadId: knownThread,
    isUnfinished: () => !isAnswered(),
    reload: async () => {},
  }
  const signal = new AbortController().signal
  const ask = (operation: string, params: object, name = crypto.randomUUID()) =>
    followAnswer(api, { operation, params, id: name }, hooks, signal).catch(() => undefined)
  const send = () => ask(threadId ? 'threads.add_user_message' : 'threads.create', message(text, threadId), id)
  await send()
  if (isAnswered()) tally.byThemselves += 1
  for (const deadline = Date.now() + PATIENT_MS; !isAnswered(); await sleep(500)) {
    if (Date.now() > deadline) throw new Error(`${text} was not answered: ${JSON.stringify(events)}`)
    const item_id = messageId()
    // Send again for a message that is not confirmed, Retry for one whose answer failed.
    if (item_id) await ask('threads.retry_after_item', { thread_id: knownThread(), item_id })
    else await send()
  }
}

/** Everything that a person's threads contain of a message, in order. */
async function stored({ person, text }: Send): Promise<{ messages: ThreadItem[]; after: ThreadItem[] }> {
  const store = createPrismaStore(person.caller)
  const threads = (await store.listThreads({ limit: 50, order: 'asc' })).data
  const lists = await Promise.all(
    threads.map(({ id }) => store.listItems(id, { limit: 50, order: 'asc', visible: true })),
  )
  const items = lists.flatMap(({ data }) => data)
  const messages = items.filter(
    (item) => item.type === 'user_message' && item.content.some((part) => part.text === text),
  )
  return { messages, after: items.slice(items.findIndex(({ id }) => id === messages[0]?.id) + 1) }
}

/** Expects the message and its answer once each. */
async function check(send: Send): Promise<void> {
  const { messages, after } = await stored(send)
  expect(messages, send.text).toHaveLength(1)
  expect(
    after.filter(({ type }) => type === 'assistant_message'),
    send.text,
  ).toHaveLength(1)
}

/**
 * The same for one message of the page in a browser, which resends by itself. Whatever it offers is
 * pressed.
 */
export async function killPageSend(
  apps: Replicas,
  browser: Browser,
  doomed: AppServer,
  next: () => Promise<AppServer>,
  isNew: boolean,
): Promise<void> {
  apps.proxy.use(doomed.url)
  const person = await signedIn()
  const context = await browser.newContext()
  try {
    const [name, value] = person.headers.cookie.split('=', 2) as [string, string]
    await context.addCookies([{ name, value, url: apps.proxy.url }])
    const tab = await context.newPage()
    tab.setDefaultTimeout(PATIENT_MS)
    await tab.goto(`${apps.proxy.url}/chat`)
    await say(tab, 'hello')
    await tab.getByRole('button', { name: 'Send message' }).waitFor()
    if (isNew) await tab.locator('openai-chatkit').getByRole('button', { name: 'New conversation' }).click()
    const text = `from the page ${crypto.randomUUID()}`
    await say(tab, text)
    await sleep(OLD_MS.min + Math.random() * (OLD_MS.max - OLD_MS.min))
    doomed.kill('SIGKILL')
    await doomed.ended
    expect(await tab.locator('.bubble').allTextContents()).toContain(text)
    apps.proxy.use((await next()).url)
    const answered = tab.locator('.turn', { hasText: text }).locator('.message')
    const offered = tab.getByRole('button', { name: /^(Send again|Try again|Retry)/ }).and(tab.locator('.button'))
    for (const deadline = Date.now() + PATIENT_MS; (await answered.count()) === 0; await sleep(500)) {
      if (Date.now() > deadline)
        throw new Error(`${text} was not answered: ${await tab.locator('.thread').textContent()}`)
      await offered
        .first()
        .click({ timeout: 300 })
        .catch(() => undefined)
    }
    await tab.getByRole('button', { name: 'Send message' }).waitFor()
    const sent: Send = { person, text, threadId: undefined }
    await check(sent)
    await tab.reload()
    await tab.locator('.bubble', { hasText: text }).waitFor()
    expect((await tab.locator('.bubble').allTextContents()).filter((bubble) => bubble === text)).toHaveLength(1)
  } finally {
    await context.close()
  }
}

async function say(tab: Page, text: string): Promise<void> {
  const composer = tab.getByRole('textbox', { name: 'Message' })
  await composer.fill(text)
  await composer.press('Enter')
  await tab.locator('.bubble', { hasText: text }).waitFor()
}
