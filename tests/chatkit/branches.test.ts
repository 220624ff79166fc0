import { beforeEach, expect, test } from 'vitest'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Fork, WireThread } from '#lib/chatkit/protocol/thread.ts'
import type { Respond } from '#lib/chatkit/server/turn.ts'
import { findSummary } from '#lib/data/chat/context/summaries.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { registry } from '#lib/runs/registry.ts'
import { type Door, door, kinds, message, textOf, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'

// The tree of a conversation, at the HTTP door. Answers are numbered, and name the message that they
// answer.

let person: Awaited<ReturnType<typeof signedIn>>
let ask: Door
let thread_id: string
let answers = 0

const respond: Respond<TurnContext> = async function* (turn) {
  const [part] = turn.input?.content ?? []
  yield* message(turn, [`${part?.text} ${++answers}`])
}

beforeEach(async () => {
  answers = 0
  person = await signedIn()
  ask = door(person, respond)
  thread_id = threadOf(await ask({ type: 'threads.create', params: { input: typed('a') } }))
})

const send = (text: string, more = {}, metadata = {}) =>
  ask({ type: 'threads.add_user_message', params: { thread_id, input: typed(text), ...more }, metadata })
const edit = async (from: string, to: string) => send(to, { replaces: await idOf(from) })
const retry = async (text: string) =>
  ask({ type: 'threads.retry_after_item', params: { thread_id, item_id: await idOf(text) } })
const choose = (branch_id: string | null | undefined) =>
  ask({ type: 'threads.choose_branch', params: { thread_id, branch_id } })
const deleteTurn = async (text: string) =>
  ask({ type: 'threads.delete_turn', params: { thread_id, item_id: await idOf(text) } })

async function read(): Promise<WireThread> {
  return (await ask({ type: 'threads.get_by_id', params: { thread_id } })).data as unknown as WireThread
}

const said = (item: ThreadItem | undefined) =>
  item?.type === 'user_message' ? item.content.map(({ text }) => text).join('') : textOf(item)
const toPath = ({ items }: WireThread) => items.data.map(said).join(', ')
const path = async () => toPath(await read())
const idOf = async (text: string) => (await read()).items.data.find((item) => said(item) === text)?.id ?? ''

/** Each place with several ways on: what is shown there, its number, and how many there are. */
async function forks(): Promise<string[]> {
  const { items, forks: all = [] } = await read()
  return all.map(({ item_id, branches }) => {
    const shown = said(items.data.find(({ id }) => id === item_id))
    return `${shown}: ${branches.indexOf(null) + 1} of ${branches.length}`
  })
}
async function forkAt(text: string): Promise<Fork> {
  const { forks: all = [] } = await read()
  const id = await idOf(text)
  return all.find(({ item_id }) => item_id === id) ?? { branches: [] }
}

test('an edited message begins a branch, and the old way comes back with all that followed', async () => {
  await send('b')
  await send('c')
  expect(await path()).toBe('a, a 1, b, b 2, c, c 3')
  expect(await forks()).toEqual([])

  const edited = await edit('b', 'B')
  expect(kinds(edited.events).slice(0, 3)).toEqual([
    'thread.item.done user_message',
    'stream_options',
    'thread.updated',
  ])
  expect((edited.events[2] as { thread: WireThread }).thread.forks).toMatchObject([{ branches: [/^brn_/, null] }])
  expect(await path()).toBe('a, a 1, B, B 4')
  expect(await forks()).toEqual(['B: 2 of 2'])

  // A third version of the same message, and an edit of the first one, where the thread begins.
  await edit('B', 'β')
  expect(await forks()).toEqual(['β: 3 of 3'])
  await edit('a', 'A')
  expect([await path(), await forks()]).toEqual(['A, A 6', ['A: 2 of 2']])

  await choose((await forkAt('A')).branches[0])
  expect([await path(), await forks()]).toEqual(['a, a 1, β, β 5', ['a: 1 of 2', 'β: 3 of 3']])
  const { data } = await choose((await forkAt('β')).branches[0])
  expect(toPath(data as unknown as WireThread)).toBe('a, a 1, b, b 2, c, c 3')
  expect(await forks()).toEqual(['a: 1 of 2', 'b: 1 of 3'])
  await send('d')
  expect(await path()).toBe('a, a 1, b, b 2, c, c 3, d, d 7')
})

test('an answer that is given again is a version of the answer, each with its own way on', async () => {
  await send('b')
  const again = await retry('a')
  expect(kinds(again.events).slice(0, 2)).toEqual(['stream_options', 'thread.updated'])
  expect([await path(), await forks()]).toEqual(['a, a 3', ['a 3: 2 of 2']])
  await send('c')
  await retry('c')
  expect(await forks()).toEqual(['a 3: 2 of 2', 'c 5: 2 of 2'])

  await choose((await forkAt('a 3')).branches[0])
  expect([await path(), await forks()]).toEqual(['a, a 1, b, b 2', ['a 1: 1 of 2']])
  await choose((await forkAt('a 1')).branches[1])
  expect([await path(), await forks()]).toEqual(['a, a 3, c, c 5', ['a 3: 2 of 2', 'c 5: 2 of 2']])
})

test('an edit that is sent twice is made once, also after its run was lost before it said anything', async () => {
  const replaces = await idOf('a')
  const metadata = { request_id: crypto.randomUUID() }
  const [one, two] = await Promise.all([send('A', { replaces }, metadata), send('A', { replaces }, metadata)])
  expect([one.status, two.status]).toEqual([200, 200])
  expect(await forks()).toEqual(['A: 2 of 2'])

  // As `recoverRuns` leaves it.
  const lost = { status: 'interrupted', lastSeq: 0, clientRequestId: null } as const
  await withCaller(person.caller, (tx) =>
    tx.run.updateMany({ where: { clientRequestId: metadata.request_id }, data: lost }),
  )
  await withCaller(person.caller, (tx) => tx.threadItem.deleteMany({ where: { type: 'assistant_message' } }))
  const third = await send('A', { replaces }, metadata)
  expect(third.status).toBe(200)
  expect([await path(), await forks()]).toEqual([`A, A ${answers}`, ['A: 2 of 2']])
})

test('an edit stops the answer that is being written, and keeps what it had said', async () => {
  const begun = Promise.withResolvers<void>()
  const slow = door(person, async function* (turn) {
    for await (const event of message(turn, ['half'])) {
      if (event.type === 'thread.item.done') {
        begun.resolve()
        await new Promise((resolve) => turn.signal.addEventListener('abort', resolve, { once: true }))
      }
      yield event
    }
  })
  const first = slow({ type: 'threads.add_user_message', params: { thread_id, input: typed('b') } })
  await begun.promise
  const refused = await choose('brn_x')
  expect([refused.status, refused.data.code]).toEqual([409, 'conflict'])
  const replaces = await idOf('b')
  const edited = await send('B', { replaces })
  expect(edited.status).toBe(200)
  await first
  expect([...registry().runs.values()].filter(({ active }) => active)).toEqual([])
  expect([await path(), await forks()]).toEqual(['a, a 1, B, B 2', ['B: 2 of 2']])
  await choose((await forkAt('B')).branches[0])
  expect(await path()).toBe('a, a 1, b, half')
  const statuses = await withCaller(person.caller, (tx) =>
    tx.run.findMany({ orderBy: { createdAt: 'asc' }, select: { status: true } }),
  )
  expect(statuses.map(({ status }) => status)).toEqual(['done', 'stopped', 'done'])
})

test('two edits of one message at once: one is made, the other is refused and changes nothing', async () => {
  const replaces = await idOf('a')
  const replies = await Promise.all([send('x', { replaces }), send('y', { replaces })])
  const refused = replies.filter(({ status }) => status !== 200)
  expect(refused.map(({ status }) => status)).toEqual([404])
  expect((await read()).items.data.filter(({ type }) => type === 'user_message')).toHaveLength(1)
  expect((await read()).forks).toMatchObject([{ branches: [/./, null] }])
})

test('a deleted turn goes with the versions of its answer, and what followed stays', async () => {
  await send('b')
  await send('c')
  await edit('c', 'C')
  await retry('b')
  await send('d')
  expect([await path(), await forks()]).toEqual(['a, a 1, b, b 5, d, d 6', ['b 5: 2 of 2']])
  const runs = () => withCaller(person.caller, (tx) => tx.run.count())
  const before = await runs()
  const { status, data } = await deleteTurn('b')
  expect([status, toPath(data as unknown as WireThread)]).toEqual([200, 'a, a 1, d, d 6'])
  // The other answer of b is gone; what was said after it is another way on.
  expect(await forks()).toEqual(['d: 3 of 3'])
  const { branches } = await forkAt('d')
  await choose(branches[0])
  expect(await path()).toBe('a, a 1, c, c 3')
  await choose((await forkAt('c')).branches[1])
  expect(await path()).toBe('a, a 1, C, C 4')
  expect(await runs()).toBe(before)

  // The newest of the other ways comes instead of the last message of one.
  await deleteTurn('C')
  expect([await path(), await forks()]).toEqual(['a, a 1, d, d 6', ['d: 2 of 2']])
  for (const text of ['a', 'd', 'c']) await deleteTurn(text)
  expect([await path(), await forks()]).toEqual(['', []])
  expect((await ask({ type: 'threads.delete_turn', params: { thread_id, item_id: 'msg_x' } })).status).toBe(404)
})

test('a summary holds for the branch that it summarises, and goes with a turn that it covers', async () => {
  await send('b')
  await send('c')
  const { userId: ownerId } = person.caller
  const throughId = await idOf('b 2')
  const place = { ownerId, threadId: thread_id, throughId, itemId: 'wf_x', runId: 'run_x' }
  await withCaller(person.caller, (tx) =>
    tx.summary.create({ data: { id: `sum_${thread_id}`, ...place, status: 'made', text: 'S' } }),
  )
  const summary = async () => (await findSummary(person.caller, thread_id))?.text
  expect(await summary()).toBe('S')
  await edit('b', 'B')
  await send('d')
  expect(await summary()).toBeUndefined()
  await choose((await forkAt('B')).branches[0])
  expect(await summary()).toBe('S')
  await edit('c', 'C')
  expect(await summary()).toBe('S')
  await deleteTurn('a')
  expect([await path(), await summary()]).toEqual(['b, b 2, C, C 6', undefined])
})

test('only a message of the path can be edited, and only a branch that begins on it chosen', async () => {
  const answer = await idOf('a 1')
  expect((await send('x', { replaces: answer })).status).toBe(400)
  expect((await send('x', { replaces: 'msg_x' })).status).toBe(404)
  const old = await idOf('a')
  await edit('a', 'A')
  expect((await send('x', { replaces: old })).status).toBe(404)
  expect((await choose('brn_x')).status).toBe(404)
  const first = (await forkAt('A')).branches[0]
  await send('b')
  await edit('b', 'B')
  const nested = (await forkAt('B')).branches[0]
  await choose(first)
  // It begins where the path does not lead now.
  expect((await choose(nested)).status).toBe(404)
  expect(await path()).toBe('a, a 1')
})

test('a change of an item that was left arrives there and not at the end of the path', async () => {
  const late: Respond<TurnContext> = async function* ({ thread, store }) {
    yield { type: 'progress_update', text: 'x' }
    const item = { ...(left as ThreadItem), content: [{ type: 'output_text', text: 'late', annotations: [] }] }
    await store.saveItem(thread.id, item as ThreadItem)
  }
  const left = (await read()).items.data[1]
  await edit('a', 'A')
  await door(person, late)({ type: 'threads.add_user_message', params: { thread_id, input: typed('b') } })
  expect(await path()).toBe('A, A 2, b')
  await choose((await forkAt('A')).branches[0])
  expect(await path()).toBe('a, late')
})

test('what old code leaves without a place is not shown, and goes with the conversation', async () => {
  await send('b')
  await edit('b', 'B')
  // Old code deletes what follows a message, and knows no branches.
  await withCaller(
    person.caller,
    (tx) => tx.$executeRaw`DELETE FROM thread_items WHERE data->>'type' = 'assistant_message'`,
  )
  expect([await path(), await forks()]).toEqual(['a, B', []])
  expect((await ask({ type: 'threads.delete', params: { thread_id } })).status).toBe(200)
  const rows = await withCaller(person.caller, async (tx) => [await tx.branch.count(), await tx.branchItem.count()])
  expect(rows).toEqual([0, 0])
})
