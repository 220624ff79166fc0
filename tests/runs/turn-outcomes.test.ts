import { beforeAll, beforeEach, expect, test } from 'vitest'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import { CustomStreamError } from '#lib/chatkit/server/stream-errors.ts'
import type { Respond } from '#lib/chatkit/server/turn.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { recoverRuns } from '#lib/runs/recover-runs.ts'
import { agentDoor, widgets } from '#tests/support/agent-door.ts'
import { door, kinds, message, openDoor, readReply, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { untilDatabaseIsOld } from '#tests/support/processes/old-database.ts'
import { withSettings } from '#tests/support/settings.ts'

beforeAll(untilDatabaseIsOld)

// A turn that failed or was stopped says so until a better result replaces it, on every device and
// after every reload.

type Person = Awaited<ReturnType<typeof signedIn>>
let ann: Person
beforeEach(async () => {
  ann = await signedIn()
})

/** A script whose first answers fail with these sentences. */
function failing(...sentences: string[]): Respond<TurnContext> {
  return async function* (turn, { run }) {
    const sentence = sentences.shift()
    if (sentence === undefined) return yield* message(turn, ['Hello.'])
    run.fail('internal', sentence)
    throw new CustomStreamError(sentence, true)
  }
}

/** The person's messages as any device reads them. */
async function read(thread_id: string, person = ann): Promise<UserMessageItem[]> {
  const ask = door(person)
  const whole = await ask({ type: 'threads.get_by_id', params: { thread_id } })
  const list = await ask({ type: 'items.list', params: { thread_id, order: 'asc', limit: 50 } })
  const items = (whole.data.items as { data: ThreadItem[] }).data
  expect(list.data.data).toEqual(items)
  return items.filter((item) => item.type === 'user_message')
}

test('a failed first answer leaves its reason on the message; Retry keeps the message, and removes the reason when it succeeds', async () => {
  const ask = door(ann, failing('The model is away.', 'It is still away.'))
  const thread_id = threadOf(await ask({ type: 'threads.create', params: { input: typed('hi') } }))
  const [said] = await read(thread_id)
  expect(said?.outcome).toEqual({ status: 'failed', message: 'The model is away.', allow_retry: true })
  const retry = { type: 'threads.retry_after_item', params: { thread_id, item_id: said?.id } }
  await ask(retry)
  expect(await read(thread_id)).toEqual([{ ...said, outcome: { ...said?.outcome, message: 'It is still away.' } }])
  await ask(retry)
  const { outcome: _, ...bare } = said as UserMessageItem
  expect(await read(thread_id)).toEqual([bare])
  // The outcome comes from the run. The stored item, which the model reads, has none.
  expect((await createPrismaStore(ann.caller).listItems(thread_id, { limit: 9, order: 'asc' })).data[0]).toEqual(bare)
})

test('a failure that cannot be retried says so, and each turn keeps its own outcome', async () => {
  const ask = door(ann, async function* (turn, { run }) {
    if (turn.input?.content[0]?.text !== 'third') {
      run.fail('internal', `No ${turn.input?.content[0]?.text}.`)
      throw new CustomStreamError(`No ${turn.input?.content[0]?.text}.`, false)
    }
    yield* message(turn, ['Hello.'])
  })
  const thread_id = threadOf(await ask({ type: 'threads.create', params: { input: typed('first') } }))
  for (const text of ['second', 'third'])
    await ask({ type: 'threads.add_user_message', params: { thread_id, input: typed(text) } })
  expect((await read(thread_id)).map(({ outcome }) => outcome)).toEqual([
    { status: 'failed', message: 'No first.', allow_retry: false },
    { status: 'failed', message: 'No second.', allow_retry: false },
    undefined,
  ])
})

test('a stopped answer is marked as stopped; a running answer has no outcome', async () => {
  const held = Promise.withResolvers<void>()
  const open = openDoor(ann, async function* (turn) {
    turn.signal.addEventListener('abort', () => held.resolve())
    await held.promise
    yield* message(turn, ['Hello.'])
  })
  const response = await open({ type: 'threads.create', params: { input: typed('hi') } })
  const [thread] = (await createPrismaStore(ann.caller).listThreads({ limit: 1, order: 'desc' })).data
  const thread_id = thread?.id ?? ''
  expect((await read(thread_id))[0]?.outcome).toBeUndefined()
  await door(ann)({ type: 'threads.stop', params: { thread_id } })
  await readReply(response)
  expect((await read(thread_id))[0]?.outcome).toEqual({ status: 'stopped', allow_retry: true })
})

test('an answer whose process died is marked as interrupted', async () => {
  const ask = door(ann)
  const thread_id = threadOf(await ask({ type: 'threads.create', params: { input: typed('hi') } }))
  const ago = new Date(Date.now() - 60_000)
  const data = { status: 'running' as const, lastSeq: null, finishedAt: null, createdAt: ago, heartbeatAt: ago }
  await withCaller(ann.caller, (tx) => tx.run.updateMany({ data }))
  expect((await read(thread_id))[0]?.outcome).toBeUndefined()
  await recoverRuns()
  expect((await read(thread_id))[0]?.outcome).toMatchObject({ status: 'interrupted', allow_retry: true })
})

test('a write of a failed turn needs an approval if the turn is retried', async () => {
  const write = { calls: [{ name: 'add_task', arguments: { title: 'Buy milk' } }] }
  await using model = await openAIServer(write, { fault: { kind: 'status', status: 400 } }, write)
  withSettings({ OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'test' })
  const agent = agentDoor(ann)
  const first = await agent.begin('buy milk')
  const thread_id = threadOf(first)
  expect(first.events.at(-1)?.type).toBe('error')
  const [said] = await read(thread_id)
  expect(said?.outcome?.status).toBe('failed')
  const again = await agent.ask({ type: 'threads.retry_after_item', params: { thread_id, item_id: said?.id } })
  expect(widgets(again.events), kinds(again.events).join()).toHaveLength(1)
  expect(await withCaller(ann.caller, (tx) => tx.task.count())).toBe(1)
  const [kept] = await read(thread_id)
  expect([kept?.id, kept?.outcome]).toEqual([said?.id, undefined])
})
