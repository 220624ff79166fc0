import { beforeEach, expect, test } from 'vitest'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { Respond } from '#lib/chatkit/server/turn.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { registry } from '#lib/runs/registry.ts'
import { door, message, type Reply, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// A request that is resent by a client that got no answer: nothing is stored twice, and the model
// is asked once.

type Person = Awaited<ReturnType<typeof signedIn>>
let ann: Person
let answers: number
beforeEach(async () => {
  withSettings({ RUNS_PER_MINUTE: '1000' })
  ann = await signedIn()
  answers = 0
})

const once: Respond<TurnContext> = async function* (turn) {
  answers += 1
  yield* message(turn, ['One', ' answer.'])
}
const named = (params: object, type = 'threads.create') => ({
  type,
  params,
  metadata: { request_id: crypto.randomUUID() },
})
const stored = () =>
  withCaller(ann.caller, async (tx) => [
    await tx.thread.count(),
    await tx.threadItem.count({ where: { type: 'user_message' } }),
    await tx.run.count(),
  ])

/**
 * The finished items. A later reader is not sent the deltas of an item that is already finished.
 */
const finished = (reply?: Reply) => reply?.events.filter(({ type }) => type === 'thread.item.done')

test('a request sent many times at once makes one thread, one message and one run, and each sender gets the whole answer', async () => {
  const ask = door(ann, once)
  const request = named({ input: typed('hi') })
  const replies = await Promise.all(Array.from({ length: 8 }, () => ask(request)))
  expect(replies.map(({ status }) => status)).toEqual(Array(8).fill(200))
  const [first, ...others] = replies
  for (const reply of others) {
    expect(finished(reply)).toEqual(finished(first))
    expect(reply.headers.get('x-run-id')).toBe(first?.headers.get('x-run-id'))
  }
  expect([answers, await stored()]).toEqual([1, [1, 1, 1]])
})

test('a message sent many times at once to a thread is stored once, whether WHILE_ANSWERING is "refuse" or "wait"', async () => {
  const ask = door(ann, once)
  const thread_id = threadOf(await ask({ type: 'threads.create', params: { input: typed('hi') } }))
  for (const WHILE_ANSWERING of ['refuse', 'wait']) {
    withSettings({ WHILE_ANSWERING })
    const request = named({ thread_id, input: typed('and?') }, 'threads.add_user_message')
    const replies = await Promise.all(Array.from({ length: 6 }, () => ask(request)))
    expect(replies.map(({ status }) => status)).toEqual(Array(6).fill(200))
    expect(new Set(replies.map(({ headers }) => headers.get('x-run-id'))).size).toBe(1)
  }
  expect([answers, await stored()]).toEqual([3, [1, 3, 3]])
})

test('a request resent after a restart is answered from the database', async () => {
  const ask = door(ann, once)
  const request = named({ input: typed('hi') })
  const first = await ask(request)
  registry().runs.clear()
  const again = await ask(request)
  expect([again.status, again.events.at(-1)]).toEqual([200, first.events.at(-1)])
  expect([answers, await stored()]).toEqual([1, [1, 1, 1]])
})

test('a request id belongs to its person, and the id of a refused request can be used again', async () => {
  const request = named({ input: typed('hi') })
  const bob = await signedIn()
  const [mine, theirs] = [await door(ann, once)(request), await door(bob, once)(request)]
  expect(threadOf(theirs)).not.toBe(threadOf(mine))
  const refused = named({ input: typed('hi', { attachments: ['nope'] }) })
  expect((await door(ann, once)(refused)).status).toBe(404)
  expect((await door(ann, once)({ ...refused, params: { input: typed('hi') } })).status).toBe(200)
  expect(answers).toBe(3)
})
