import { expect, test } from 'vitest'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Attachment, ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Deps } from '#lib/chatkit/server/deps.ts'
import { processChatKit } from '#lib/chatkit/server/process-request.ts'
import type { Turn } from '#lib/chatkit/server/turn.ts'
import { AppError } from '#lib/platform/errors.ts'
import { type Exchange, readGolden } from '#tests/support/chatkit/golden.ts'
import { memoryStore } from '#tests/support/chatkit/memory-store.ts'

// Every recording of the Python server is replayed with a `respond` that yields what the recorded
// one did. Ids and times that the server makes are mapped. Everything else must be equal except for
// the differences listed here.

/**
 * Requests on which Python breaks after its first byte or answers with a programming error. Ours
 * refuses them before.
 */
const REFUSED: [RegExp, number][] = [
  [/NotFoundError/, 404],
  [/is not pending/, 409],
  [/was not a ClientToolCallItem/, 409],
  [/requires a widget sender/, 400],
  [/must be overridden|AttachmentStore is not configured/, 400],
  [/ValidationError/, 400],
]

function expectedStatus({ request, raised, events, scenario }: Exchange): number | undefined {
  if (raised) return REFUSED.find(([text]) => text.test(raised))?.[1] ?? 500
  // For an unknown item Python answers with an empty stream.
  if (request.type === 'threads.retry_after_item' && events.length === 0) return 404
  // Without an action handler Python answers with an error event that offers a useless Retry.
  if (request.type === 'threads.custom_action' && scenario.startsWith('1') && events.length === 2) return 400
  return undefined
}

/** Ours orders items by arrival; Python by the times that the script of recording 1 made up. */
const ORDER_DIFFERS = ({ request, scenario }: Exchange) =>
  scenario.startsWith('1') && ['items.list', 'threads.get_by_id'].includes(request.type ?? '')

/**
 * In recording 1 the call is the last item by arrival, but not by the made-up times. Ours accepts
 * its result.
 */
const ACCEPTED = ({ request, scenario }: Exchange) =>
  scenario.startsWith('1') && request.type === 'threads.add_client_tool_output'

const PREAMBLE = new Set(['thread.created', 'thread.updated', 'stream_options'])

/**
 * Replays what the recorded `respond` yielded, including thread changes and the exception at its
 * end.
 */
async function* script(recorded: ThreadStreamEvent[], thread: Turn['thread']): AsyncGenerator<ThreadStreamEvent> {
  const own = recorded.filter(
    (event) =>
      !PREAMBLE.has(event.type) &&
      !('item' in event && event.item.type === 'user_message') &&
      !(event.type === 'thread.item.replaced' && event.item.type === 'structured_input'),
  )
  const last = own.at(-1)
  const threw = last?.type === 'error' && last.code === 'stream.error' && last.allow_retry
  yield* threw ? own.slice(0, -1) : own
  const updated = recorded.find((event) => event.type === 'thread.updated')
  if (updated?.type === 'thread.updated') thread.title = updated.thread.title
  if (threw) throw new Error('as recorded')
}

const scenarios = Object.entries(Object.groupBy(readGolden(), ({ scenario }) => scenario)).filter(
  ([, all]) => all?.[0]?.request,
)

test.each(scenarios)('recording %s', async (scenario, exchanges = []) => {
  const store = memoryStore()
  const names = new Map<string, string>()
  const kept = new Set<string>()
  const rename = <T>(value: T, from: 'ours' | 'recorded'): T => {
    let text = JSON.stringify(value)
    for (const [recorded, ours] of names)
      text = from === 'ours' ? text.replaceAll(ours, recorded) : text.replaceAll(recorded, ours)
    return JSON.parse(text)
  }

  for (const exchange of exchanges) {
    const deps = {
      store: scenario.startsWith('4') ? store : { ...store, attachments: undefined },
      limits: { messageMaxChars: 1_000 },
      respond: ({ thread }) => script(rename(exchange.events, 'recorded'), thread),
      ...(scenario.startsWith('3') && {
        act: ({ thread }) => script(rename(exchange.events, 'recorded'), thread),
        actSync: async () => rename((exchange.json as { updated_item?: ThreadItem }).updated_item ?? null, 'recorded'),
      }),
      ...(scenario.startsWith('4') && { files: filesOf(exchange) }),
    } satisfies Deps<void>
    const ours = await perform(rename(exchange.request, 'recorded'), deps)
    if (ACCEPTED(exchange)) {
      expect(ours.error).toBeUndefined()
      // Nothing is recorded to compare with but the shape of an accepted result in recording 2.
      expect(ours.events).toEqual([{ type: 'stream_options', stream_options: { allow_cancel: true } }])
      const { thread_id, result } = rename(exchange.request, 'recorded').params as {
        thread_id: string
        result: unknown
      }
      const { data } = await store.listItems(thread_id, { limit: 100, order: 'asc' })
      const calls = data.filter(({ type }) => type === 'client_tool_call')
      expect(calls).toMatchObject([{ id: 'ctc', status: 'completed', call_id: 'call', output: result }])
      continue
    }
    const status = expectedStatus(exchange)
    if (status) {
      expect([exchange.request, ours.error?.status]).toEqual([exchange.request, status])
      continue
    }
    expect(ours.error).toBeUndefined()
    learnNames(names, exchange.events, ours.events)
    for (const id of ours.closed) kept.add(id)
    const told = ORDER_DIFFERS(exchange) ? unordered : (value: unknown) => value
    expect(told(plain(rename({ events: ours.events, json: ours.json }, 'ours'), kept))).toEqual(
      told(plain({ events: exchange.events, json: exchange.json }, new Set())),
    )
  }
  expect.hasAssertions()
})

async function perform(request: unknown, deps: Deps<void>) {
  const done = {
    events: [] as ThreadStreamEvent[],
    closed: [] as string[],
    json: undefined as unknown,
    error: undefined as AppError | undefined,
  }
  try {
    const answer = await processChatKit(request, deps)
    if (answer.kind === 'json') return { ...done, json: answer.data }
    if (answer.kind === 'turn')
      for await (const event of (await answer.begin())(new AbortController().signal)) done.events.push(event)
    else for await (const { event } of answer.events) done.events.push(event)
    return withoutClosing(done)
  } catch (error) {
    if (error instanceof AppError) return { ...done, error }
    throw error
  }
}

/**
 * Ours closes the open items of a failing turn just before the error. Python leaves them half open
 * and forgets them.
 */
function withoutClosing<T extends { events: ThreadStreamEvent[] }>(done: T): T & { closed: string[] } {
  const error = done.events.findLastIndex((event) => event.type === 'error')
  const added = (id: string) => done.events.some((event) => event.type === 'thread.item.added' && event.item.id === id)
  const before = done.events[error - 1]
  if (before?.type !== 'thread.item.done' || !added(before.item.id) || done.events[error]?.type !== 'error')
    return { ...done, closed: [] }
  return { ...done, events: done.events.filter((event) => event !== before), closed: [before.item.id] }
}

function learnNames(names: Map<string, string>, recorded: ThreadStreamEvent[], ours: ThreadStreamEvent[]): void {
  recorded.forEach((event, index) => {
    const mine = ours[index]
    if (event.type === 'thread.created' && mine?.type === 'thread.created') names.set(event.thread.id, mine.thread.id)
    if (event.type === 'thread.item.done' && mine?.type === event.type && event.item.type === 'user_message')
      names.set(event.item.id, mine.item.id)
  })
}

/**
 * Removes times, which depend on the server's clock, and items that ours keeps and Python forgets.
 */
function plain(value: unknown, kept: Set<string>): unknown {
  return JSON.parse(JSON.stringify(value), (key, entry) => {
    if (key === 'created_at') return undefined
    return Array.isArray(entry)
      ? entry.filter((row) => !(row && typeof row === 'object' && kept.has(row.id) && row.type === 'assistant_message'))
      : entry
  })
}

/**
 * Sorts the rows of a whole thread. A page shows other rows than the recording, so only its shape
 * is compared.
 */
function unordered(value: unknown): unknown {
  const { json } = value as { json: { data?: { id: string }[]; items?: { data: { id: string }[] } } }
  return json.items
    ? { ...json, items: json.items.data.toSorted((a, b) => a.id.localeCompare(b.id)) }
    : Object.keys(json).slice(0, 2)
}

function filesOf({ json }: Exchange) {
  return {
    create: async () => ({ ...(json as Attachment), metadata: { secret: true } }),
    delete: async () => undefined,
  }
}
