import { once } from 'node:events'
import { request as ask, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { makeChatKitRoute } from '#app/api/chatkit/chatkit-route.ts'
import { makeResumableFetch } from '#app/chat/resumable-fetch.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { Respond } from '#lib/chatkit/server/turn.ts'
import { findRun } from '#lib/data/runs/runs.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { listActiveRuns, registry } from '#lib/runs/registry.ts'
import { kinds, message, parseEvents, textOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'

// The page's fetch, for a script that cannot handle broken connections, against the real endpoint
// on real sockets.

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const run of listActiveRuns()) run.stop()
  for (const close of closing.splice(0)) await close()
})

/**
 * The endpoint behind a proxy that cuts each answer after `cutAfter()` bytes; Infinity means never.
 * With `isClean` the proxy hides the cut: it ends its own answer as if that were whole.
 */
async function endpoint(respond: Respond<TurnContext>, cutAfter: () => number, isClean = false) {
  const app = await serve(makeChatKitRoute({ respond }))
  const seen: { type: string; params: Record<string, unknown>; metadata?: Record<string, unknown> }[] = []
  const proxy = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    seen.push(JSON.parse(Buffer.concat(chunks).toString()))
    const onward = ask(app.url, { method: 'POST', headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      let left = cutAfter()
      answer.on('data', (chunk: Buffer) => {
        const isLast = left <= chunk.length
        outgoing.write(chunk.subarray(0, left), () => isLast && (isClean ? outgoing.end() : outgoing.destroy()))
        left = Math.max(0, left - chunk.length)
      })
      answer.on('end', () => left > 0 && outgoing.end())
    })
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    onward.end(Buffer.concat(chunks))
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  closing.push(async () => {
    proxy.closeAllConnections()
    proxy.close()
    await app.close()
  })
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/`, seen }
}

/** The first line of every stream. */
const PING = ': ping\n'
const WORDS = Array.from({ length: 60 }, (_, n) => `word${n} `)

const slowly = (words: string[]): Respond<TurnContext> =>
  async function* (turn) {
    for await (const event of message(turn, words)) {
      await Promise.race([sleep(20), once(turn.signal, 'abort')])
      if (turn.signal.aborted) return
      yield event
    }
  }

const request = (signal?: AbortSignal): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ type: 'threads.create', params: { input: typed('go') }, metadata: {} }),
  signal,
})

async function sendAs(person: Awaited<ReturnType<typeof signedIn>>): Promise<typeof fetch> {
  return (input, init) =>
    fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), ...person.headers } })
}

test('an answer whose connection keeps breaking arrives whole, in the protocol’s framing', {
  timeout: 30_000,
}, async () => {
  const person = await signedIn()
  let lost = 0
  const bytes = [3_000, 2_500, 4_000]
  const { url, seen } = await endpoint(slowly(WORDS), () => bytes.shift() ?? Number.POSITIVE_INFINITY)
  const through = makeResumableFetch(await sendAs(person), {
    hasLeft: async () => false,
    onLost: () => {
      lost += 1
    },
  })
  const text = await (await through(url, request())).text()
  expect(text).not.toMatch(/^(id:|: end)/m)
  const events = parseEvents(text)
  // What was written while the client was disconnected may arrive only with the finished item.
  const said = events
    .flatMap((event) => ('update' in event && 'delta' in event.update ? event.update.delta : []))
    .join('')
  expect(WORDS.join('')).toContain(said)
  expect(said.length).toBeGreaterThan(0)
  expect([kinds(events)[0], kinds(events).at(-1)]).toEqual(['thread.created', 'thread.item.done assistant_message'])
  expect(textOf(events.flatMap((event) => (event.type === 'thread.item.done' ? event.item : [])).at(-1))).toBe(
    WORDS.join(''),
  )
  expect(seen.map(({ type }) => type).slice(0, 3)).toEqual(['threads.create', 'threads.attach', 'threads.attach'])
  expect(lost).toBe(0)
})

test('a proxy that hides its cuts loses nothing, even if an attempt to resume ends without an event', {
  timeout: 30_000,
}, async () => {
  const person = await signedIn()
  const bytes = [3_000, PING.length, PING.length]
  const { url, seen } = await endpoint(slowly(WORDS), () => bytes.shift() ?? Number.POSITIVE_INFINITY, true)
  let lost = 0
  const onLost = () => {
    lost += 1
  }
  const through = makeResumableFetch(await sendAs(person), { hasLeft: async () => false, onLost })
  const events = parseEvents(await (await through(url, request())).text())
  expect(textOf(events.flatMap((event) => (event.type === 'thread.item.done' ? event.item : [])).at(-1))).toBe(
    WORDS.join(''),
  )
  expect(seen.map(({ type }) => type).slice(1)).toEqual(['threads.attach', 'threads.attach', 'threads.attach'])
  expect(lost).toBe(0)
})

test('an answer whose events are no longer kept is given up at the first attempt to resume it', async () => {
  const person = await signedIn()
  const bytes = [3_000]
  const { url, seen } = await endpoint(slowly(WORDS), () => bytes[0] ?? Number.POSITIVE_INFINITY)
  const send = await sendAs(person)
  const forgetful: typeof fetch = async (input, init) => {
    if (/threads\.attach/.test(String(init?.body))) {
      bytes.shift()
      for (const run of listActiveRuns()) {
        run.stop()
        await run.ended
        registry().runs.delete(run.id)
        await withSystem('expiry', (tx) => tx.run.update({ where: { id: run.id }, data: { lastSeq: 0 } }))
      }
    }
    return send(input, init)
  }
  const through = makeResumableFetch(forgetful, { hasLeft: async () => false, onLost: () => {} })
  await expect((await through(url, request())).text()).rejects.toThrow('The connection was lost.')
  expect(seen.map(({ type }) => type)).toEqual(['threads.create', 'threads.attach'])
})

test('an aborted answer is stopped, but goes on if the person only left', async () => {
  const person = await signedIn()
  for (const hasLeft of [false, true]) {
    const { url, seen } = await endpoint(slowly(WORDS), () => Number.POSITIVE_INFINITY)
    const through = makeResumableFetch(await sendAs(person), { hasLeft: async () => hasLeft, onLost: () => {} })
    const stop = new AbortController()
    const response = await through(url, request(stop.signal))
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    stop.abort()
    await expect(reader.read().then(() => reader.read())).rejects.toThrow()
    const run = response.headers.get('x-run-id') ?? ''
    await expect.poll(async () => (await findRun(person.caller, run))?.status).toBe(hasLeft ? 'done' : 'stopped')
    expect(seen.map(({ type }) => type)).toEqual(['threads.create', ...(hasLeft ? [] : ['threads.stop'])])
  }
})

test('a request with its own event numbers, a query and a refusal pass through unchanged', async () => {
  const person = await signedIn()
  const { url, seen } = await endpoint(slowly(WORDS), () => Number.POSITIVE_INFINITY)
  const through = makeResumableFetch(await sendAs(person), { hasLeft: async () => false, onLost: () => {} })
  const post = (body: object) => through(url, { ...request(), body: JSON.stringify(body) })
  expect((await post({ type: 'threads.list', params: {} })).status).toBe(200)
  expect(
    (await post({ type: 'threads.add_user_message', params: { thread_id: 'thr_none', input: typed('x') } })).status,
  ).toBe(404)
  const own = await post({ type: 'threads.create', params: { input: typed('go') }, metadata: { resume: true } })
  expect(await own.text()).toMatch(/^: ping\nid: 1\ndata: /)
  expect(seen).toHaveLength(3)
})

test('a request whose response breaks off before its first event is resent under its own id and answered once', async () => {
  const person = await signedIn()
  const bytes = [7]
  const { url, seen } = await endpoint(slowly(WORDS), () => bytes.shift() ?? Number.POSITIVE_INFINITY)
  const through = makeResumableFetch(await sendAs(person), { hasLeft: async () => false, onLost: () => {} })
  const events = parseEvents(await (await through(url, request())).text())
  const items = events.flatMap((event) => (event.type === 'thread.item.done' ? event.item : []))
  expect(items.map(({ type }) => type)).toEqual(['user_message', 'assistant_message'])
  expect(textOf(items.at(-1))).toBe(WORDS.join(''))
  expect(seen.map(({ type }) => type)).toEqual(['threads.create', 'threads.create'])
  expect(seen[1]?.metadata?.request_id).toBe(seen[0]?.metadata?.request_id)
  expect(seen[0]?.metadata?.request_id).toMatch(/^[\w-]{36}$/)
})

test('any progress resets the retry budget: an answer survives more breaks than there are retries', async () => {
  const person = await signedIn()
  // Long enough for a dozen breaks.
  const words = Array.from({ length: 250 }, (_, n) => `word${n} `)
  const { url, seen } = await endpoint(slowly(words), () => 3_500)
  const through = makeResumableFetch(await sendAs(person), { hasLeft: async () => false, onLost: () => {} })
  const events = parseEvents(await (await through(url, request())).text())
  expect(textOf(events.flatMap((event) => (event.type === 'thread.item.done' ? event.item : [])).at(-1))).toBe(
    words.join(''),
  )
  expect(seen.filter(({ type }) => type === 'threads.attach').length).toBeGreaterThan(7)
})

test('an answer that cannot be resumed is lost: the page is notified, and the chat gets an error', async () => {
  const person = await signedIn()
  let lost = 0
  const { url } = await endpoint(slowly(WORDS), () => 3_000)
  const send = await sendAs(person)
  const signedOut: typeof fetch = (input, init) =>
    /threads\.attach/.test(String(init?.body)) ? fetch(input, init) : send(input, init)
  const through = makeResumableFetch(signedOut, {
    hasLeft: async () => false,
    onLost: () => {
      lost += 1
    },
  })
  const response = await through(url, request())
  await expect(response.text()).rejects.toThrow('The connection was lost.')
  expect(lost).toBe(1)
})
