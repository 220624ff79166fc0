import { expect, test } from 'vitest'
import { deleteUser } from '#lib/data/people/users.ts'
import { recordRequests } from '#lib/data/usage/model-requests.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'
import { agentDoor, said } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { endEvent } from '#tests/support/models/model-frames.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { APIS, type ApiName, rawModel, streamAnswer } from '#tests/support/models/raw-model.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// What a request to a model used, as a row, whatever its server says about it. Through the chat's
// entrance, with the real client and a scripted model behind a socket.

/** The requests of a person, once all have ended. */
async function requestsOf(ownerId: string, count: number) {
  await expect
    .poll(() => withSystem('usage', (tx) => tx.modelRequest.count({ where: { ownerId, settledAt: { not: null } } })))
    .toBe(count)
  return withSystem('usage', (tx) => tx.modelRequest.findMany({ where: { ownerId }, orderBy: { createdAt: 'asc' } }))
}

const sumsOf = (ownerId: string) =>
  withSystem('usage', (tx) => tx.usageSum.findMany({ where: { ownerId }, orderBy: { period: 'asc' } }))

function useModel(url: string, api: ApiName = 'responses') {
  withSettings({
    OPENAI_BASE_URL: url,
    OPENAI_API_KEY: 'test-key',
    OPENAI_MODEL: 'scripted',
    OPENAI_API: api,
    THREAD_TITLES: 'first_words',
  })
}

test('each request of a turn is a row with its tokens, its run and its conversation, and is summed up', async () => {
  await using model = await openAIServer(
    { calls: [{ name: 'list_tasks', arguments: {} }], usage: { input: 100, output: 5 } },
    { text: 'No task is open.', usage: { input: 120, output: 12 } },
  )
  useModel(model.url)
  const ann = await signedIn()
  const reply = await agentDoor(ann).begin('list my tasks')
  const { events } = reply
  expect(said(events)).toBe('No task is open.')
  const rows = await requestsOf(ann.person.id, 2)
  const runs = await withSystem('usage', (tx) => tx.run.findMany({ where: { ownerId: ann.person.id } }))
  const row = {
    purpose: 'answer',
    outcome: 'done',
    isEstimated: false,
    model: 'scripted',
    provider: new URL(model.url).host,
  }
  expect(rows).toMatchObject([
    { ...row, inputTokens: 100, outputTokens: 5, runId: runs[0]?.id, threadId: threadOf(reply), costMicros: null },
    { ...row, inputTokens: 120, outputTokens: 12, runId: runs[0]?.id },
  ])
  expect(await sumsOf(ann.person.id)).toMatchObject([
    { period: 'day', tokens: 237n, costMicros: 0n },
    { period: 'month', tokens: 237n, costMicros: 0n },
  ])
})

test('a title is a request of its own, with its purpose', async () => {
  await using model = await openAIServer({ text: 'Hello Ann.', usage: { input: 10, output: 2 } })
  model.naming({ text: 'A greeting', usage: { input: 7, output: 1 } })
  useModel(model.url)
  withSettings({ THREAD_TITLES: 'model' })
  const ann = await signedIn()
  const reply = await agentDoor(ann).begin('hello')
  const rows = await requestsOf(ann.person.id, 2)
  expect(rows.map(({ purpose, inputTokens }) => [purpose, inputTokens]).sort()).toEqual([
    ['answer', 10],
    ['title', 7],
  ])
  expect(rows.every(({ threadId }) => threadId === threadOf(reply))).toBe(true)
})

const usage = (value: unknown) => ({
  chat_completions: { choices: [], usage: { prompt_tokens: value, completion_tokens: value, total_tokens: value } },
  responses: { input_tokens: value, output_tokens: value, total_tokens: value },
})

test.each(
  APIS.flatMap((api) =>
    [-5, 1e308, 'NaN', null, 0, 2_147_483_647, { much: 1 }, '9'.repeat(400)].map((value) => [api, value] as const),
  ),
)('%s: a server that reports %# is not believed: the size is estimated and marked', async (api, value) => {
  const text = 'Twenty characters so'
  const wrong = usage(value)
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    choices: [{ index: 0, delta, finish_reason }],
  })
  const message = {
    type: 'message',
    id: 'm',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text, annotations: [] }],
  }
  const frames =
    api === 'responses'
      ? [endEvent([message], { usage: wrong.responses })]
      : [chunk({ content: text }), chunk({}, 'stop'), wrong.chat_completions]
  await using model = await rawModel(streamAnswer(api, { frames }))
  useModel(model.url, api)
  const ann = await signedIn()
  const { events } = await agentDoor(ann).begin('hello')
  expect(said(events)).toBe(text)
  const [row] = await requestsOf(ann.person.id, 1)
  expect(row).toMatchObject({ outcome: 'done', isEstimated: true })
  expect(row?.inputTokens).toBeGreaterThan(100)
  expect(row?.inputTokens).toBeLessThan(100_000)
  expect(row?.outputTokens).toBeGreaterThan(4)
  expect(row?.outputTokens).toBeLessThan(200)
})

test('counts in the middle of a stream stand, whether more, none or zeros follow at its end', async () => {
  const text = (content: string) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })
  const end = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
  const counts = (prompt_tokens: number, completion_tokens: number) => ({
    choices: [],
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  })
  const answers = [[counts(50, 9)], [counts(0, 0)], []].map((last) => [
    text('one '),
    counts(50, 2),
    text('two'),
    end,
    ...last,
  ])
  await using model = await rawModel(...answers.map((frames) => streamAnswer('chat_completions', { frames })))
  useModel(model.url, 'chat_completions')
  for (const [index, output] of [9, 2, 2].entries()) {
    const ann = await signedIn()
    await agentDoor(ann).begin(`hello ${index}`)
    const [row] = await requestsOf(ann.person.id, 1)
    expect([index, row]).toMatchObject([index, { inputTokens: 50, outputTokens: output, isEstimated: false }])
  }
})

test('a server that counts the input and forgets the output: the output is estimated and marked', async () => {
  await using model = await openAIServer({ text: 'Twenty characters so', usage: { input: 30, output: 0 } })
  useModel(model.url)
  const ann = await signedIn()
  await agentDoor(ann).begin('hello')
  const [row] = await requestsOf(ann.person.id, 1)
  expect(row).toMatchObject({ inputTokens: 30, isEstimated: true })
  expect(row?.outputTokens).toBeGreaterThan(4)
})

test('an answer that is cut before its counts came is estimated; a request that is refused used nothing', async () => {
  const long = Array.from({ length: 40 }, (_, index) => `word${index} `)
  await using model = await openAIServer(
    { text: long, fault: { kind: 'cut', after: 30 } },
    { fault: { kind: 'status', status: 400, message: 'no' } },
  )
  useModel(model.url)
  const [ann, bob] = [await signedIn(), await signedIn()]
  await agentDoor(ann).begin('hello')
  const [cut] = await requestsOf(ann.person.id, 1)
  expect(cut).toMatchObject({ outcome: 'failed', isEstimated: true })
  expect(cut?.inputTokens).toBeGreaterThan(100)
  expect(cut?.outputTokens).toBeGreaterThan(20)
  await agentDoor(bob).begin('hello')
  expect(await requestsOf(bob.person.id, 1)).toMatchObject([
    { outcome: 'failed', isEstimated: false, inputTokens: 0, outputTokens: 0 },
  ])
})

test('an answer that its person stops is estimated and marked as stopped', async () => {
  const { promise: never } = Promise.withResolvers<void>()
  const pieces = Array.from({ length: 20 }, (_, index) => `word${index} `)
  await using model = await openAIServer({ text: pieces, pause: { after: 15, until: never } })
  useModel(model.url)
  const ann = await signedIn()
  const door = agentDoor(ann)
  const answer = door.begin('hello')
  const runs = () => withSystem('usage', (tx) => tx.run.findMany({ where: { ownerId: ann.person.id } }))
  await expect
    .poll(async () => (await runs()).filter(({ firstDeltaAt, status }) => firstDeltaAt || status === 'running').length)
    .toBe(1)
  await expect.poll(() => model.requests.length).toBe(1)
  const [run] = await runs()
  await door.ask({ type: 'threads.stop', params: { thread_id: run?.threadId } })
  await answer
  expect(await requestsOf(ann.person.id, 1)).toMatchObject([{ outcome: 'stopped', isEstimated: true }])
})

test('a model that falls silent in the middle has failed; its person did not stop it', async () => {
  await using model = await openAIServer({ text: ['one ', 'two '], fault: { kind: 'silence', after: 4 } })
  useModel(model.url)
  withSettings({ MODEL_IDLE_TIMEOUT: '1' })
  const ann = await signedIn()
  await agentDoor(ann).begin('hello')
  expect(await requestsOf(ann.person.id, 1)).toMatchObject([{ outcome: 'failed', isEstimated: true }])
})

test('names that PostgreSQL cannot store do not keep the others from being stored', async () => {
  const ann = await signedIn()
  const used = { input: 1, cached: 0, output: 0, reasoning: 0, isEstimated: false }
  const about = { ownerId: ann.person.id, purpose: 'test' as const, assistant: 'nul\0 \ud800' }
  const asked = { provider: 'p\0', model: '\udc00' }
  const rest = { about, asked, used, costMicros: null, outcome: 'done' as const, beganAt: Date.now() }
  await recordRequests([
    { id: newId('req'), ...rest },
    { id: newId('req'), ...rest, about: { ...about, assistant: 'fine' } },
  ])
  expect((await requestsOf(ann.person.id, 2)).map(({ assistant }) => assistant).sort()).toEqual([
    'fine',
    'nul\ufffd \ufffd',
  ])
})

test('people who are deleted while their requests are stored: nothing fails, and nothing waits for itself', async () => {
  const used = { input: 1, cached: 0, output: 0, reasoning: 0, isEstimated: false }
  const before = await withSystem('usage', (tx) => tx.modelRequest.count())
  const people = await Promise.all(Array.from({ length: 8 }, () => signedIn()))
  const request = (ownerId: string) => ({
    id: newId('req'),
    about: { ownerId, purpose: 'answer' as const },
    asked: { provider: 'p', model: 'm' },
    ...{ used, costMicros: 1n, outcome: 'done' as const, beganAt: Date.now() },
  })
  const batches = Array.from({ length: 12 }, () =>
    recordRequests(people.map(({ person }) => request(person.id)).toReversed()),
  )
  await Promise.all([...batches, ...people.map(({ person }) => deleteUser(person.id))])
  expect((await withSystem('usage', (tx) => tx.modelRequest.count())) - before).toBe(96)
})

test('a request is stored behind a deletion of its person, and neither waits for the other', async () => {
  const ann = await signedIn()
  const used = { input: 1, cached: 0, output: 0, reasoning: 0, isEstimated: false }
  const about = { ownerId: ann.person.id, purpose: 'answer' as const }
  const store = () =>
    recordRequests([
      {
        ...{ id: newId('req'), about, asked: { provider: 'p', model: 'm' }, used },
        ...{ costMicros: 1n, outcome: 'done', beganAt: Date.now() },
      },
    ])
  const waiting = () =>
    withSystem('usage', async (tx) => {
      const [row] = await tx.$queryRaw<{ count: number }[]>`
        SELECT count(*)::integer AS count FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE NOT granted AND datname = current_database()`
      return row?.count
    })
  await store()
  let stored: Promise<void> | undefined
  // What a deletion does, in its order: the person, then what is theirs.
  await withSystem('usage', async (tx) => {
    await tx.$executeRaw`SELECT FROM users WHERE id = ${ann.person.id} FOR UPDATE`
    stored = store()
    await expect.poll(waiting).toBe(1)
    await tx.$executeRaw`UPDATE usage_sums SET tokens = tokens WHERE owner_id = ${ann.person.id}`
  })
  await stored
  expect(await sumsOf(ann.person.id)).toMatchObject([{ tokens: 2n }, { tokens: 2n }])
})

test('storing a request twice changes nothing', async () => {
  const ann = await signedIn()
  const used = { input: 10, cached: 4, output: 5, reasoning: 1, isEstimated: false }
  const request = {
    id: newId('req'),
    about: { ownerId: ann.person.id, purpose: 'summary' as const, threadId: 'thr_gone', runId: 'run_gone' },
    asked: { provider: 'p', model: 'm' },
    ...{ used, costMicros: 7n, outcome: 'done' as const, beganAt: Date.now() },
  }
  await recordRequests([request])
  await recordRequests([{ ...request, used: { ...used, input: 99 } }])
  expect(await requestsOf(ann.person.id, 1)).toMatchObject([
    { inputTokens: 10, cachedTokens: 4, reasoningTokens: 1, costMicros: 7n, threadId: null, runId: null },
  ])
  expect(await sumsOf(ann.person.id)).toMatchObject([{ tokens: 15n, costMicros: 7n }, { tokens: 15n }])
})

test('the requests of a deleted person stay, without the person, their conversation and their run', async () => {
  await using model = await openAIServer({ text: 'Hello.', usage: { input: 77, output: 1 } })
  useModel(model.url)
  const ann = await signedIn()
  await agentDoor(ann).begin('hello')
  const [row] = await requestsOf(ann.person.id, 1)
  await deleteUser(ann.person.id)
  const kept = await withSystem('usage', (tx) => tx.modelRequest.findUnique({ where: { id: row?.id ?? '' } }))
  expect(kept).toMatchObject({ ownerId: null, threadId: null, runId: null, inputTokens: 77 })
  expect(await withSystem('usage', (tx) => tx.usageSum.count({ where: { ownerId: null, tokens: 78n } }))).toBe(2)
})
