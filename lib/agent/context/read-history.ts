import type { AgentInputItem } from '@openai/agents'
import { isCompactCommand } from '#lib/agent/context/compact-command.ts'
import { compactThread, showSummary } from '#lib/agent/context/compact-thread.ts'
import type { CompactingTurn, RestOfRequest } from '#lib/agent/context/compacting-turn.ts'
import { describePinned, describeSummary } from '#lib/agent/context/describe-summary.ts'
import { findBoundary } from '#lib/agent/context/find-boundary.ts'
import { isOurCard } from '#lib/agent/context/is-our-card.ts'
import { type ContextBudget, shareWindow } from '#lib/agent/context/window/context-budget.ts'
import type { ContextLimits } from '#lib/agent/context/window/context-limits.ts'
import { type CountTokens, loadCounter } from '#lib/agent/input/count-tokens.ts'
import type { ReadContext } from '#lib/agent/input/read-context.ts'
import { isSummaryItem } from '#lib/agent/input/summary-item.ts'
import type { InputGroup } from '#lib/agent/input/to-model-input.ts'
import { boundTokens } from '#lib/agent/models/estimate-tokens.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { listCoveredMessages } from '#lib/data/chat/context/covered-messages.ts'
import { isPinned, listPinnedItems } from '#lib/data/chat/context/pinned-items.ts'
import type { Summary } from '#lib/data/chat/context/summaries.ts'
import { listCoveredCalls } from '#lib/data/runs/covered-calls.ts'
import { log } from '#lib/platform/log.ts'

/** What is sent (estimated tokens) to a model of this process, which takes any length. */
const UNLIMITED_TOKENS = 30_000
/** The share of the conversation's room that stays as it was when older turns are summarised. */
const KEPT_SHARE = 0.5
/** More items than this are summarised whatever they cost: a turn reads 4,000 at most. */
const ITEMS_MAX = 3_000

/** What the history of a thread may cost. */
type Room = ContextBudget & { count: CountTokens }

/**
 * The history of a thread as the model's input: the summary of its older turns, if there is one, and
 * the other items. If they do not fit, older turns are summarised first. If that is not possible,
 * the oldest are left out, and the person is told.
 */
export async function* readHistory(
  open: CompactingTurn,
  known: ReadContext,
  rest: RestOfRequest,
): AsyncGenerator<ThreadStreamEvent, AgentInputItem[]> {
  const items = known.items.filter(isInHistory)
  const { limits } = rest
  if (!limits) return (await open.files.fit(items, { maxTokens: UNLIMITED_TOKENS })).flatMap(({ entries }) => entries)
  const { summary } = known
  // A retry of the message above it has removed the item. The summary itself still holds.
  if (summary && !known.items.some(({ id }) => id === summary.itemId)) yield* showSummary(open, summary)
  const isWhole = ({ groups }: Fitted) => groups.length === items.length && items.length <= ITEMS_MAX
  // Most threads are short, and nobody has to count.
  const bound = { ...shareWindow(limits, rest, boundTokens), count: boundTokens }
  const short = await fitAfter(open, rest, summary, items, bound)
  if (isWhole(short)) return short.input
  const room = await readRoom(limits, rest)
  const fitted = await fitAfter(open, rest, summary, items, room)
  if (isWhole(fitted)) return fitted.input
  const boundary = findBoundary(items, fitted.groups, fitted.unpinned * KEPT_SHARE)
  const older = items.slice(0, boundary)
  const work = { items: older, before: summary, isAsked: false, room: room.conversation, count: room.count }
  const made = older.length > 0 ? yield* compactThread(open, known, work) : undefined
  if (made) return (await fitAfter(open, rest, made, items.slice(boundary), room)).input
  yield* tellLeftOut(open, items.length - fitted.groups.length)
  return fitted.input
}

/** Carries out `/compact`: summarises all that was said before. */
export async function* compactOnRequest(
  open: CompactingTurn,
  known: ReadContext,
  rest: RestOfRequest,
): AsyncGenerator<ThreadStreamEvent> {
  const items = known.items.filter(isInHistory)
  const { limits } = rest
  const done = (message: string): ThreadStreamEvent => ({ type: 'notice', level: 'info', message })
  if (!limits) yield done('The demo assistant needs no summary.')
  else if (items.length === 0) yield done('There is nothing to summarise yet.')
  else {
    const { request: limit, conversation: room, count } = await readRoom(limits, rest)
    const made = yield* compactThread(open, known, { items, before: known.summary, isAsked: true, room, count })
    if (made) open.fill.begin({ used: 0, limit })
    else
      yield {
        ...{ type: 'notice', level: 'warning', title: 'The messages were not summarised' },
        message: 'The model gave no summary in time. Nothing has changed; try again in a moment.',
      }
  }
  open.fill.show(open.turn.thread)
  yield* open.events.end()
}

async function readRoom(limits: ContextLimits, rest: RestOfRequest): Promise<Room> {
  const count = await loadCounter()
  return { ...shareWindow(limits, rest, count), count }
}

/**
 * What a request has of the conversation. The groups are those of the newest items; `unpinned` is the
 * room (tokens) that is left if all that is pinned is told on its own.
 */
type Fitted = { groups: InputGroup[]; input: AgentInputItem[]; unpinned: number }

/** A summary, the newest of the items after it that fit, and what is pinned of the others. */
async function fitAfter(
  { turn, context: { caller }, files, fill }: CompactingTurn,
  { listSources }: RestOfRequest,
  summary: Summary | undefined,
  items: ThreadItem[],
  { request, conversation, count }: Room,
): Promise<Fitted> {
  const covered = summary ? await listPinnedItems(caller, turn.thread.id, summary.throughId) : []
  const sizeOf = (input: AgentInputItem[]) => (input.length > 0 ? count(input) : 0)
  const free = conversation - sizeOf(describePinned(covered))
  const told = summary ? await describe(caller, turn.thread.id, summary, listSources(), free, count) : []
  const fitBeside = (pinned: ThreadItem[]) =>
    files.fit(items, { maxTokens: conversation - sizeOf([...told, ...describePinned(pinned)]), count })
  const listLeftOut = (groups: InputGroup[]) => items.slice(0, items.length - groups.length).filter(isPinned)
  const pinned = [...covered, ...items.filter(isPinned)]
  let groups = await fitBeside(covered)
  // What is pinned but does not fit takes room of the others.
  if (listLeftOut(groups).length > 0) groups = await fitBeside(pinned)
  const head = [...told, ...describePinned([...covered, ...listLeftOut(groups)])]
  const used = groups.reduce((sum, { tokens }) => sum + tokens, request - conversation + sizeOf(head))
  fill.begin({ used: count === boundTokens ? 0 : used, limit: request })
  const input = [...head, ...groups.flatMap(({ entries }) => entries)]
  return { groups, input, unpinned: conversation - sizeOf(describePinned(pinned)) }
}

async function describe(
  caller: { userId: string },
  threadId: string,
  summary: Summary,
  sources: string[],
  conversation: number,
  count: CountTokens,
): Promise<AgentInputItem[]> {
  const [calls, messages] = await Promise.all([
    listCoveredCalls(caller, threadId, summary.throughId),
    listCoveredMessages(caller, threadId, summary.throughId),
  ])
  const recent = messages.filter((item) => !isCompactCommand(item) && !isPinned(item))
  return describeSummary({ summary, sources, ...calls, recent }, conversation, count)
}

/** Our own cards and commands were not said by or to the model. */
function isInHistory(item: ThreadItem): boolean {
  return !isOurCard(item) && !isSummaryItem(item) && !isCompactCommand(item)
}

function* tellLeftOut({ turn: { thread } }: CompactingTurn, items: number): Generator<ThreadStreamEvent> {
  if (items === 0) return
  log.warn({ thread_id: thread.id, items }, 'the oldest items of a conversation were left out')
  yield {
    ...{ type: 'notice', level: 'warning', title: 'Earlier messages were left out' },
    message:
      'This conversation is longer than the model can read, and it could not be summarised. The answer does not take its beginning into account.',
  }
}
