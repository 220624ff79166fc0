import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { runTurn } from '#lib/agent/run-turn.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { Respond, Turn } from '#lib/chatkit/server/turn.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { listFeedback } from '#lib/data/chat/feedback.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { door, message, openDoor, readReply, say, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { textChunks, textEvents } from '#tests/support/models/model-frames.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

type Person = Awaited<ReturnType<typeof signedIn>>
let ann: Person
beforeEach(async () => {
  ann = await signedIn({ name: 'Ann' })
})

describe('speech', () => {
  const audio = (mime_type = 'audio/webm;codecs=opus', bytes = 'sound') => ({
    type: 'input.transcribe',
    params: { audio_base64: Buffer.from(bytes).toString('base64'), mime_type },
  })

  /** The part of OpenAI's transcription API that is used here. */
  async function listener(status = 200, answer: object = { text: 'Buy milk.' }) {
    const heard: { url?: string; body: string }[] = []
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      heard.push({ url: request.url, body: Buffer.concat(chunks).toString('latin1') })
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify(status === 200 ? answer : { error: { message: 'sk-secret' } }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    withSettings({
      OPENAI_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
      OPENAI_API_KEY: 'key',
    })
    return heard
  }

  test('is turned into text by the model’s server', async () => {
    const heard = await listener()
    expect((await door(ann)(audio())).data).toEqual({ text: 'Buy milk.' })
    expect(heard).toHaveLength(1)
    expect(heard[0]?.url).toBe('/v1/audio/transcriptions')
    for (const part of ['gpt-transcribe', 'filename="speech.webm"', 'sound']) expect(heard[0]?.body).toContain(part)
  })

  test.each([
    [404, 400, /cannot turn speech into text.*OPENAI_TRANSCRIPTION_MODEL/],
    [400, 400, /could not be understood/],
    [500, 503, /just now/],
    [200, 503, /just now/],
  ])('a transcription server that answers %s leads to a %s', async (status, ours, says) => {
    await listener(status, { words: 'none of its fields is the text' })
    const reply = await door(ann)(audio())
    expect([reply.status, reply.data.message]).toEqual([ours, expect.stringMatching(says)])
    expect(JSON.stringify(reply.data)).not.toContain('sk-secret')
  })

  test('an unsupported type, an empty recording and transcription that is off each have their own sentence', async () => {
    const heard = await listener()
    for (const kind of ['video/mp4', 'constructor', '__proto__'])
      expect(await door(ann)(audio(kind))).toMatchObject({ status: 415 })
    expect(await door(ann)(audio('audio/webm', ''))).toMatchObject({
      status: 400,
      data: { message: 'The recording is empty.' },
    })
    withSettings({ OPENAI_TRANSCRIPTION_MODEL: 'off' })
    expect(await door(ann)(audio())).toMatchObject({
      status: 400,
      data: { message: 'This server cannot turn speech into text.' },
    })
    expect(heard).toEqual([])
  })
})

describe('feedback', () => {
  async function answered(person: Person) {
    const ask = door(person, say('Hello.'))
    const thread_id = threadOf(await ask({ type: 'threads.create', params: { input: typed('hi') } }))
    const { data } = (await ask({ type: 'items.list', params: { thread_id, order: 'asc' } })).data as {
      data: { id: string }[]
    }
    return { ask, thread_id, items: data.map(({ id }) => id) }
  }

  test('is stored and shown to admins, and later feedback replaces earlier feedback', async () => {
    const { ask, thread_id, items } = await answered(ann)
    const give = (kind: string, item_ids = items) =>
      ask({ type: 'items.feedback', params: { thread_id, item_ids, kind } })
    expect((await give('positive')).data).toEqual({})
    await give('negative', items.slice(1))
    const rows = await listFeedback({ admin: true }, { threadId: thread_id })
    expect(rows).toMatchObject([
      { threadId: thread_id, kind: 'negative', itemIds: items.slice(1), owner: { id: ann.caller.userId, name: 'Ann' } },
    ])
    expect((await listFeedback({ admin: true })).map(({ id }) => id)).toContain(rows[0]?.id)
  })

  test('on an item that is missing, hidden or in another thread is refused, and none of it is stored', async () => {
    const { ask, thread_id, items } = await answered(ann)
    const elsewhere = await answered(ann)
    const hidden = {
      id: 'hidden',
      thread_id,
      created_at: '2026-01-01T00:00:00Z',
      type: 'sdk_hidden_context' as const,
      content: 'x',
    }
    await createPrismaStore(ann.caller).addItem(thread_id, hidden)
    for (const id of ['msg_invented', 'hidden', elsewhere.items[0]]) {
      const reply = await ask({
        type: 'items.feedback',
        params: { thread_id, item_ids: [...items, id], kind: 'positive' },
      })
      expect([reply.status, reply.data.message]).toEqual([404, 'The item was not found.'])
    }
    expect(await listFeedback({ admin: true }, { threadId: thread_id })).toEqual([])
    expect(
      (await ask({ type: 'items.feedback', params: { thread_id, item_ids: [...items, ...items], kind: 'positive' } }))
        .status,
    ).toBe(200)
  })

  test('that is sent many times at once is stored once', async () => {
    const { ask, thread_id, items } = await answered(ann)
    const give = () => ask({ type: 'items.feedback', params: { thread_id, item_ids: items, kind: 'positive' } })
    const replies = await Promise.all(Array.from({ length: 30 }, give))
    expect(replies.filter(({ status }) => status !== 200)).toEqual([])
    expect(await listFeedback({ admin: true }, { threadId: thread_id })).toHaveLength(1)
  })

  test('can be given only in the person’s own thread, and is deleted with it', async () => {
    const { ask, thread_id, items } = await answered(ann)
    const stranger = await door(await signedIn())({
      type: 'items.feedback',
      params: { thread_id, item_ids: items, kind: 'positive' },
    })
    expect(stranger.status).toBe(404)
    await ask({ type: 'items.feedback', params: { thread_id, item_ids: items, kind: 'positive' } })
    expect(await listFeedback({ admin: true }, { threadId: thread_id })).toHaveLength(1)
    await ask({ type: 'threads.delete', params: { thread_id } })
    expect(await listFeedback({ admin: true }, { threadId: thread_id })).toEqual([])
  })
})

describe('titles of conversations', () => {
  const builtinFetch: typeof fetch = (input, init) => handleMcp(new Request(input, init))
  const first = { type: 'threads.create', params: { input: typed('Plan a week in Lisbon, please') } }
  const ask = (body: unknown) => door(ann, (turn, context) => runTurn(turn, { ...context, builtinFetch }))(body)
  const titleOf = async (id: string) => (await createPrismaStore(ann.caller).loadThread(id)).title

  test.each(['responses', 'chat_completions'])(
    'are written by the model after the first answer (%s), which does not wait for them',
    async (api) => {
      await using server = await openAIServer({ text: 'Sure: day one.' }, { text: 'Day two.' })
      withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API_KEY: 'key', OPENAI_API: api })
      server.naming({ text: '"A week in Lisbon."', pace: 100 })
      const reply = await ask(first)
      const thread_id = threadOf(reply)
      expect(reply.events.findLast(({ type }) => type === 'thread.updated')).toMatchObject({
        thread: { title: 'Plan a week in Lisbon, please' },
      })
      expect(await titleOf(thread_id)).toBe('Plan a week in Lisbon, please')
      await vi.waitFor(async () => expect(await titleOf(thread_id)).toBe('A week in Lisbon'), 20_000)
      expect(JSON.stringify(server.names[0]?.body)).toContain('Sure: day one.')
      await ask({ type: 'threads.add_user_message', params: { thread_id, input: typed('and then?') } })
      expect([server.names.length, server.requests.length]).toEqual([1, 2])
      expect(await titleOf(thread_id)).toBe('A week in Lisbon')
    },
  )

  test.each([
    ['responses', '<think>They want to travel.</think>\n\n**Title:** "A week in Lisbon"'],
    ['chat_completions', '<think>They want to travel.</think>\n\n**Title:** "A week in Lisbon"'],
    ['chat_completions', '# A week in Lisbon'],
    ['chat_completions', 'Conversation title: *A week in Lisbon*.'],
    ['chat_completions', '“**A week** in Lisbon”'],
    ['responses', 'Titel：「A week in Lisbon」'],
    ['chat_completions', 'They want to travel.</think>A week in Lisbon'],
  ])('lose their decoration (%s): %s', async (api, text) => {
    await using server = await openAIServer({ text: 'Sure: day one.' })
    withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API_KEY: 'key', OPENAI_API: api })
    server.naming({ text })
    const thread_id = threadOf(await ask(first))
    await vi.waitFor(async () => expect(await titleOf(thread_id)).toBe('A week in Lisbon'), 20_000)
  })

  test.each(['responses', 'chat_completions'])(
    'are the first words if the model’s title is cut off (%s)',
    async (api) => {
      await using server = await openAIServer({ text: 'Sure: day one.' })
      withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API_KEY: 'key', OPENAI_API: api })
      const details = { type: 'incomplete', details: { reason: 'max_output_tokens' } }
      server.naming({
        frames: api === 'responses' ? textEvents(['A week in'], details) : textChunks(['A week in'], 'length'),
      })
      const thread_id = threadOf(await ask(first))
      await vi.waitFor(() => expect(server.names).toHaveLength(1), 20_000)
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(await titleOf(thread_id)).toBe('Plan a week in Lisbon, please')
    },
  )

  /**
   * Says more than enough for a title, and goes on until the thread has one, or after 30 s. Calls
   * `meanwhile` first.
   */
  const talkative = (meanwhile?: (turn: Turn) => Promise<void>): Respond<TurnContext> =>
    async function* (turn) {
      const deadline = Date.now() + 30_000
      yield* message(turn, ['Sure: day one. '.repeat(20)])
      await meanwhile?.(turn)
      while (turn.thread.title === 'Plan a week in Lisbon, please' && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        yield { type: 'progress_update', text: 'still talking' }
      }
    }

  test('are announced while a long answer still streams', { timeout: 60_000 }, async () => {
    await using server = await openAIServer()
    withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API_KEY: 'key' })
    server.naming({ text: 'A week in Lisbon' })
    const reply = await door(ann, talkative())(first)
    expect(reply.events.findLast(({ type }) => type === 'thread.updated')).toMatchObject({
      thread: { title: 'A week in Lisbon' },
    })
    expect(await titleOf(threadOf(reply))).toBe('A week in Lisbon')
    expect(server.names).toHaveLength(1)
  })

  test('that the person gives while the answer streams are kept', { timeout: 60_000 }, async () => {
    await using server = await openAIServer()
    withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API_KEY: 'key' })
    const rename = async ({ store, thread }: Turn) => {
      await store.saveThread({ ...(await store.loadThread(thread.id)), title: 'Mine' })
      await vi.waitFor(() => expect(server.names).toHaveLength(1), 20_000)
      thread.metadata = { step: 1 }
    }
    const reply = await door(ann, talkative(rename))(first)
    expect(await titleOf(threadOf(reply))).toBe('Mine')
  })

  test('that the person gives before the model’s title arrives are kept', async () => {
    await using server = await openAIServer({ text: 'Sure.' })
    withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API_KEY: 'key' })
    server.naming({ text: 'A week', pace: 100 })
    const thread_id = threadOf(await ask(first))
    await ask({ type: 'threads.update', params: { thread_id, title: 'Mine' } })
    await vi.waitFor(() => expect(server.names).toHaveLength(1), 20_000)
    await new Promise((resolve) => setTimeout(resolve, 900))
    expect(await titleOf(thread_id)).toBe('Mine')
  })

  test.each([
    [
      'a model that is too talkative',
      {
        text: 'I would be very happy to help you with finding a good name for this conversation about Lisbon and more!',
      },
    ],
    ['a model that fails', { fault: { kind: 'status' as const, status: 400 } }],
  ])('stay the first words with %s', async (_, step) => {
    await using server = await openAIServer({ text: 'Sure.' })
    withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API_KEY: 'key' })
    server.naming(step)
    const thread_id = threadOf(await ask(first))
    await vi.waitFor(() => expect(server.names).toHaveLength(1), 20_000)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await titleOf(thread_id)).toBe('Plan a week in Lisbon, please')
  })

  test('are the first words if the settings say so, and in the demo', async () => {
    await using server = await openAIServer({ text: 'Sure.' })
    withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API_KEY: 'key', THREAD_TITLES: 'first_words' })
    await ask(first)
    withSettings({ OPENAI_BASE_URL: undefined, OPENAI_API_KEY: undefined, THREAD_TITLES: 'model' })
    const reply = await readReply(await openDoor(ann, (turn) => message(turn, ['ok']))(first))
    expect(await titleOf(threadOf(reply))).toBe('Plan a week in Lisbon, please')
    expect(server.names).toEqual([])
  })
})
