import fc from 'fast-check'
import { afterEach, beforeAll, expect, test } from 'vitest'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { NumberedEvent, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Respond } from '#lib/chatkit/server/turn.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { insertRunEvents, sweepRunEvents } from '#lib/data/runs/run-events.ts'
import { findRun } from '#lib/data/runs/runs.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { closeNotify } from '#lib/platform/db/notify.ts'
import { newId } from '#lib/platform/ids.ts'
import { EventLog } from '#lib/runs/event-log.ts'
import { followRun } from '#lib/runs/follow-run.ts'
import { packEvents, sliceAfter } from '#lib/runs/pack-events.ts'
import { recoverRuns } from '#lib/runs/recover-runs.ts'
import { listActiveRuns, registry } from '#lib/runs/registry.ts'
import { door, kinds, message, openDoor, readReply, textOf, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { untilDatabaseIsOld } from '#tests/support/processes/old-database.ts'
import { withSettings } from '#tests/support/settings.ts'

beforeAll(untilDatabaseIsOld)

const create = { type: 'threads.create', params: { input: typed('hi') } }
const PIECES = ['One', ' two', ' three', ' four', ' five']

afterEach(async () => {
  for (const run of listActiveRuns()) run.stop()
  await Promise.all(listActiveRuns().map(({ ended }) => ended))
})

function delta(text: string, item_id = 'a', content_index = 0): ThreadStreamEvent {
  return {
    type: 'thread.item.updated',
    item_id,
    update: { type: 'assistant_message.content_part.text_delta', content_index, delta: text },
  }
}

/** A `respond` that yields one more piece at each call of `go`. */
function stepwise(pieces = PIECES) {
  const steps = [...pieces, 'end'].map(() => Promise.withResolvers<void>())
  let at = 0
  const respond: Respond<TurnContext> = async function* (turn) {
    let step = 0
    for await (const event of message(turn, pieces)) {
      if (event.type === 'thread.item.done' || ('update' in event && 'delta' in event.update))
        await Promise.race([
          steps[step++]?.promise,
          new Promise((resolve) => turn.signal.addEventListener('abort', resolve)),
        ])
      if (turn.signal.aborted) return
      yield event
    }
  }
  const go = (count = 1) => {
    for (const { resolve } of steps.slice(at, at + count)) resolve()
    at += count
  }
  return { respond, go }
}

async function collect(events: AsyncGenerator<NumberedEvent, boolean>) {
  const seen: NumberedEvent[] = []
  for (let next = await events.next(); ; next = await events.next()) {
    if (next.done) return { seen, complete: next.value }
    seen.push(next.value)
  }
}

const text = (events: { event: ThreadStreamEvent }[]) =>
  events.map(({ event }) => ('update' in event && 'delta' in event.update ? event.update.delta : '')).join('')

test('a reader gets exactly the text after its number, however the deltas are joined', () => {
  const events = fc.array(
    fc.tuple(fc.string({ maxLength: 5 }), fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 1 })),
    {
      maxLength: 40,
    },
  )
  fc.assert(
    fc.property(events, fc.array(fc.integer({ min: 1, max: 9 })), fc.nat(45), (given, cuts, after) => {
      const single = given.map(([said, item, index], at) => ({ seq: at + 1, event: delta(said, item, index) }))
      const rows = []
      for (let from = 0, n = 0; from < single.length; n += 1) {
        const size = cuts[n % (cuts.length || 1)] ?? 3
        rows.push(...packEvents(single.slice(from, from + size)))
        from += size
      }
      for (const kept of [rows, packEvents(rows.map((row) => ({ ...row, pieces: row.pieces && [...row.pieces] })))]) {
        const rest = kept.flatMap((row) => sliceAfter(row, after) ?? [])
        for (const [item, index] of [
          ['a', 0],
          ['a', 1],
          ['b', 0],
          ['b', 1],
        ] as const) {
          const of = (all: { event: ThreadStreamEvent }[]) =>
            text(
              all.filter(
                ({ event }) =>
                  'update' in event &&
                  event.item_id === item &&
                  'content_index' in event.update &&
                  event.update.content_index === index,
              ),
            )
          expect(of(rest)).toBe(of(single.filter(({ seq }) => seq > after)))
        }
        expect(rest.at(-1)?.seq ?? 0).toBe(after < single.length ? single.length : 0)
      }
    }),
  )
})

test('the log in memory gives a reader the rest from any number, joined or not', async () => {
  const log = new EventLog({ soft: 500, hard: 100_000 })
  for (let n = 1; n <= 50; n += 1) log.append(delta(`${n} `))
  log.end()
  for (const after of [0, 1, 25, 49, 50, 60]) {
    const { seen, complete } = await collect(log.read(after))
    expect(complete).toBe(true)
    expect(text(seen)).toBe(
      Array.from({ length: 50 }, (_, n) => `${n + 1} `)
        .slice(after)
        .join(''),
    )
  }
})

test.for([
  ['notification', undefined],
  ['polling', 'off'],
] as const)('another process follows a running run by %s', async ([, listen]) => {
  withSettings({ DATABASE_LISTEN_URL: listen })
  await closeNotify()
  registry().hearing = undefined
  const person = await signedIn()
  const { respond, go } = stepwise()
  const response = await openDoor(person, respond)(create)
  const runId = response.headers.get('x-run-id') ?? ''
  // The run belongs to this process; `followRun` reads it as any other process would.
  const seen: NumberedEvent[] = []
  const reader = followRun(runId, 0)
  const readUntil = async (said: string) => {
    while (!text(seen).endsWith(said)) seen.push((await reader.next()).value as NumberedEvent)
  }
  go(2)
  await readUntil('One two')
  go()
  await readUntil('One two three')
  go(3)
  const { seen: rest, complete } = await collect(reader)
  expect(complete).toBe(true)
  expect(kinds(rest.map(({ event }) => event)).at(-1)).toBe('thread.item.done assistant_message')
  const late = await collect(followRun(runId, (seen.at(-1) as Required<NumberedEvent>).seq))
  expect(text(late.seen)).toBe(' four five')
  await response.body?.cancel()
})

test('an ended run can be read for an hour; then its events are deleted and its items stay', async () => {
  const person = await signedIn()
  const { headers, events } = await door(person)(create)
  const [run_id, thread_id] = [headers.get('x-run-id') ?? '', threadOf({ events })]
  const attach = { type: 'threads.attach', params: { thread_id, run_id, after: 2 } }
  const rest = await door(person)(attach)
  expect(rest.events.length).toBeGreaterThan(0)
  expect(await sweepRunEvents()).toEqual({ runs: 0, more: false })
  const anHourAgo = new Date(Date.now() - 3_601_000)
  await withSystem('expiry', (tx) => tx.run.updateMany({ where: { id: run_id }, data: { finishedAt: anHourAgo } }))
  expect(await sweepRunEvents()).toEqual({ runs: 1, more: false })
  expect(await withSystem('runs', (tx) => tx.runEvent.count({ where: { runId: run_id } }))).toBe(0)
  expect(await findRun(person.caller, run_id)).toMatchObject({ lastSeq: 0, status: 'done' })
  expect((await collect(followRun(run_id, 0))).complete).toBe(false)
  expect((await createPrismaStore(person.caller).listItems(thread_id, { limit: 9, order: 'asc' })).data).toHaveLength(2)
})

test('a person cannot have more than RUNS_AT_ONCE answers written at the same time', async () => {
  withSettings({ RUNS_AT_ONCE: '2' })
  const person = await signedIn()
  const open = openDoor(person, stepwise().respond)
  const all = await Promise.all([open(create), open(create), open(create)])
  const third = await readReply(all.find(({ status }) => status === 429) as Response)
  expect([third.headers.get('retry-after'), third.data.message]).toEqual(['5', expect.stringMatching(/2 answers/)])
  expect(all.map(({ status }) => status).sort()).toEqual([200, 200, 429])
  expect((await door(await signedIn())(create)).status).toBe(200)
  expect(await withCaller(person.caller, (tx) => tx.run.count())).toBe(2)
})

test('a second message waits for its turn instead of being refused if WHILE_ANSWERING is "wait"', async () => {
  withSettings({ WHILE_ANSWERING: 'wait' })
  const person = await signedIn()
  const { respond, go } = stepwise()
  const first = openDoor(person, respond)(create).then(readReply)
  go(2)
  const [run] = await expect.poll(listActiveRuns).toHaveLength(1).then(listActiveRuns)
  const thread_id = run?.threadId ?? ''
  // A run exists before its thread.
  await expect
    .poll(() => createPrismaStore(person.caller).listThreads({ limit: 1, order: 'asc' }), { timeout: 20_000 })
    .toMatchObject({ data: [{}] })
  const next = door(person)({ type: 'threads.add_user_message', params: { thread_id, input: typed('next') } })
  go(4)
  expect(kinds((await first).events).at(-1)).toBe('thread.item.done assistant_message')
  expect((await next).status).toBe(200)
  const { data } = await createPrismaStore(person.caller).listItems(thread_id, { limit: 9, order: 'asc' })
  expect(data.map(({ type }) => type)).toEqual([
    'user_message',
    'assistant_message',
    'user_message',
    'assistant_message',
  ])
})

test('an answer that takes too long is interrupted, keeps its text, and can be retried', async () => {
  withSettings({ RUN_TIMEOUT: '3' })
  const person = await signedIn()
  const { respond, go } = stepwise()
  go(2)
  const { events, headers } = await door(person, respond)(create)
  expect(events.find(({ type }) => type === 'error')).toMatchObject({
    message: expect.stringMatching(/too long/),
    allow_retry: true,
  })
  expect(await findRun(person.caller, headers.get('x-run-id') ?? '')).toMatchObject({ status: 'interrupted' })
  const { data } = await createPrismaStore(person.caller).listItems(threadOf({ events }), { limit: 9, order: 'asc' })
  expect(textOf(data.at(-1))).toBe('One two')
})

test('a dead process’s streamed text is kept once and sent to its readers; a run that had streamed nothing accepts the same request again', async () => {
  const person = await signedIn()
  const { caller } = person
  const { events } = await door(person)(create)
  const threadId = threadOf({ events })
  const dead = (clientRequestId: string, thread: string) => ({
    ...{
      id: newId('run'),
      ownerId: caller.userId,
      threadId: thread,
      requestId: 'r',
      operation: 'threads.add_user_message',
    },
    ...{
      clientRequestId,
      status: 'running' as const,
      createdAt: new Date(Date.now() - 60_000),
      heartbeatAt: new Date(Date.now() - 11_000),
    },
  })
  const silent = { ...dead('request-silent', 'thr_never'), operation: 'threads.create', turnId: 'msg_sent' }
  const spoke = dead('request-spoke', threadId)
  await withCaller(caller, (tx) => tx.run.createMany({ data: [spoke, silent] }))
  const item = {
    id: 'msg_half',
    thread_id: threadId,
    created_at: new Date().toISOString(),
    type: 'assistant_message' as const,
    content: [],
  }
  const half = [{ type: 'thread.item.added', item } as const, delta('Half of', 'msg_half'), delta(' it', 'msg_half')]
  // The process died between the message and the first word of the answer.
  const created_at = new Date().toISOString()
  const begun = { id: silent.threadId, created_at, status: { type: 'active' as const }, metadata: {} }
  await createPrismaStore(caller).saveThread(begun)
  const sent = {
    ...typed('hi'),
    type: 'user_message',
    id: 'msg_sent',
    thread_id: begun.id,
    created_at,
  } as unknown as ThreadItem
  await createPrismaStore(caller).addItem(begun.id, sent)
  const told = [{ seq: 1, event: { type: 'thread.item.done', item: sent } as ThreadStreamEvent }]
  await insertRunEvents([{ runId: silent.id, ownerId: caller.userId, events: told }])
  const rows = half.map((event, at) => ({ seq: at + 1, event: event as ThreadStreamEvent }))
  await insertRunEvents([{ runId: spoke.id, ownerId: caller.userId, events: packEvents(rows) }])
  const reader = collect(followRun(spoke.id, 2))
  const repeat = collect(followRun(silent.id, 0))
  await Promise.all([recoverRuns(), recoverRuns(), recoverRuns()])
  const { seen, complete } = await reader
  expect([complete, text(seen), kinds(seen.map(({ event }) => event))]).toEqual([
    true,
    ' it',
    ['thread.item.updated', 'thread.item.done assistant_message', 'error'],
  ])
  const { data } = await createPrismaStore(caller).listItems(threadId, { limit: 9, order: 'asc' })
  expect(data.map(textOf)).toEqual(['', 'Hello.', 'Half of it'])
  expect(await findRun(caller, spoke.id)).toMatchObject({ status: 'interrupted', clientRequestId: 'request-spoke' })
  // A reader of the silent run gets nothing that would end its wait. It sends again, and the
  // message is stored once.
  const followed = await repeat
  expect([
    followed.complete,
    kinds(followed.seen.map(({ event }) => event)).filter((kind) => kind === 'error'),
  ]).toEqual([false, []])
  expect(await findRun(caller, silent.id)).toMatchObject({ status: 'interrupted', clientRequestId: null, lastSeq: 0 })
  expect((await createPrismaStore(caller).listItems(begun.id, { limit: 9, order: 'asc' })).data).toEqual([sent])
  expect(await recoverRuns()).toBe(0)
})
