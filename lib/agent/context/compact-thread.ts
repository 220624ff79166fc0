import { setTimeout as sleep } from 'node:timers/promises'
import { UntrustedContent } from '#lib/agent/approvals/untrusted-content.ts'
import type { CompactingTurn } from '#lib/agent/context/compacting-turn.ts'
import { listCallsForPeople } from '#lib/agent/context/describe-summary.ts'
import { openSummaryModel } from '#lib/agent/context/summary-model.ts'
import { toTranscript } from '#lib/agent/context/to-transcript.ts'
import { writeSummary } from '#lib/agent/context/write-summary.ts'
import type { CountTokens } from '#lib/agent/input/count-tokens.ts'
import type { ReadContext } from '#lib/agent/input/read-context.ts'
import { toSummaryItem } from '#lib/agent/input/summary-item.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { claimSummary, markSummaryFailed, type Summary, storeSummary } from '#lib/data/chat/context/summaries.ts'
import { listCoveredCalls } from '#lib/data/runs/covered-calls.ts'
import { log } from '#lib/platform/log.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

/** How long (ms) a turn waits for a summary, however many parts it is made of. */
const SUMMARY_MS = 45_000
/** How often (ms) to look whether another run has made it. */
const LOOK_MS = 500
/** The longest summary (tokens), and its share of the room for the conversation. */
const MAX_TOKENS = 2_000
const SHARE = 0.2
const WORDS_PER_TOKEN = 0.6
/** The most that is kept of what a model writes. */
const MAX_CHARS = 20_000
const PARTS_MAX = 12
/** What a summary begins with if the oldest parts were too many to be summarised. */
const LEFT_OUT = '[There was more before this. It was too long to summarise and is missing here.]'
const PART_TOKENS = 40_000

type Work = {
  /** What the summary covers besides the one before it. Not empty. */
  items: ThreadItem[]
  before: Summary | undefined
  /** True if the person asked for it. */
  isAsked: boolean
  /** The room for the whole conversation (tokens). */
  room: number
  count: CountTokens
}

/**
 * Summarises the older items of a thread, once: the run that claims it asks the model, and others
 * wait for it. Returns undefined if that fails, is taking too long, or has failed lately; a log line
 * says why.
 */
export async function* compactThread(
  open: CompactingTurn,
  known: ReadContext,
  work: Work,
): AsyncGenerator<ThreadStreamEvent, Summary | undefined> {
  yield { type: 'progress_update', text: 'Summarising earlier messages…', icon: 'book-clock' }
  const signal = AbortSignal.any([open.turn.signal, AbortSignal.timeout(SUMMARY_MS)])
  try {
    const summary = await claimAndWrite(open, known, work, signal)
    yield NO_PROGRESS
    if (summary) yield* showSummary(open, summary)
    return summary
  } catch (error) {
    if (open.turn.signal.aborted) throw error
    log.warn({ error, thread_id: open.turn.thread.id }, 'earlier messages could not be summarised')
    yield NO_PROGRESS
    return undefined
  }
}

const NO_PROGRESS: ThreadStreamEvent = { type: 'progress_update', text: '' }

/** Shows a summary in the thread. */
export async function* showSummary(
  { turn, context, events }: CompactingTurn,
  summary: Summary,
): AsyncGenerator<ThreadStreamEvent> {
  const { id: threadId } = turn.thread
  const calls = listCallsForPeople(await listCoveredCalls(context.caller, threadId, summary.throughId))
  const item = toSummaryItem({ id: summary.itemId, threadId }, { text: summary.text, calls })
  yield* events.showBeside({ type: 'thread.item.done', item })
}

async function claimAndWrite(
  { turn: { thread, store }, context }: CompactingTurn,
  known: ReadContext,
  work: Work,
  signal: AbortSignal,
): Promise<Summary | undefined> {
  const { caller, run } = context
  const throughId = work.items.at(-1)?.id ?? ''
  const itemId = store.newItemId('workflow', `summary ${throughId}`)
  const place = { threadId: thread.id, throughId, runId: run.id }
  for (;;) {
    const claim = await claimSummary(caller, place, { itemId, isAsked: work.isAsked })
    if (claim.is === 'made') return claim.summary
    if (claim.is === 'paused') return undefined
    if (claim.is === 'theirs') {
      await sleep(LOOK_MS, undefined, { signal })
      continue
    }
    const ours = { id: claim.id, runId: run.id }
    try {
      return await storeSummary(caller, ours, await write(context, known, work, signal))
    } catch (error) {
      // A stopped run has ended, so the next one can take its claim over.
      if (!run.signal.aborted) await markSummaryFailed(caller, ours)
      throw error
    }
  }
}

async function write(
  context: CompactingTurn['context'],
  known: ReadContext,
  { items, before, room, count }: Work,
  signal: AbortSignal,
): Promise<{ text: string; model: string; sources: string[] }> {
  const summariser = await openSummaryModel(context, known)
  if (!summariser) throw new Error('there is no model for summaries')
  const { model, name, windowTokens, idleMs } = summariser
  const maxTokens = Math.min(MAX_TOKENS, Math.floor(room * SHARE))
  const partTokens = Math.min(PART_TOKENS, Math.floor(windowTokens / 2))
  const parts = toTranscript(items, partTokens, count)
  const text = await writeSummary(before?.text, parts.slice(-PARTS_MAX), {
    ...{ model, idleMs, signal, maxWords: Math.floor(maxTokens * WORDS_PER_TOKEN) },
  })
  const outside = new UntrustedContent()
  outside.noteItems(items)
  const sources = [...new Set([...(before?.sources ?? []), ...outside.listNames()])]
  const gap = parts.length > PARTS_MAX ? `${LEFT_OUT}\n` : ''
  return { text: cutText(`${gap}${text}`, MAX_CHARS), model: name, sources }
}
