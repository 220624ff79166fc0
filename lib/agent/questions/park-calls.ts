import type { RunToolApprovalItem } from '@openai/agents'
import type { AskingTurn } from '#lib/agent/questions/asking-turn.ts'
import type { ParkedCall } from '#lib/agent/questions/run-questions.ts'
import { findOffered, parseObject } from '#lib/agent/tools/agent-tools.ts'
import type { OpenTools } from '#lib/agent/tools/open-tools.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { QUESTION_MS, storeParkedCalls } from '#lib/data/runs/questions/questions.ts'
import { seal, unseal } from '#lib/platform/crypto/seal.ts'
import { AppError } from '#lib/platform/errors.ts'

/** The largest sealed calls (characters) that are kept for a day at most. */
const CALLS_MAX_CHARS = 4_000_000
const NOT_NOW = 'The call was not made, because another tool waits for the person’s answer. Call it again after that.'

/** What is sealed of a run that waits for answers to its servers. */
type Sealed = { runs: string[]; owner: string; calls: (ParkedCall & { questionId: string })[] }

/**
 * Ends a turn whose calls wait for answers: stores the calls first, then shows the cards. Calls that
 * wait for approval at the same time are not made. Throws too_large if the calls have more than
 * 4,000,000 characters.
 */
export async function* parkCalls(
  { turn, context, events, runs, questions }: AskingTurn,
  { connections }: OpenTools,
  interruptions: RunToolApprovalItem[],
): AsyncGenerator<ThreadStreamEvent> {
  const { caller, run } = context
  for (const { rawItem } of interruptions) {
    if (rawItem.type !== 'function_call') continue
    const { name, callId } = rawItem
    const connection = findOffered(connections, name)?.connection
    const args = parseObject(rawItem.arguments) ?? {}
    const output = await connection?.refuse(name, args, callId, { sentence: NOT_NOW, declined: false })
    yield* events.endCall(callId, output ?? NOT_NOW, { failure: { class: 'denied', sentence: NOT_NOW } })
  }
  yield* events.end()
  if (!questions) return
  const asking = { id: run.id, ownerId: caller.userId, threadId: turn.thread.id }
  const asked = questions.waiting.map((call) => ({ call, ...questions.makeParked(call, QUESTION_MS) }))
  const calls = asked.map(({ call, row }) => ({ ...call, questionId: row.id }))
  const text = JSON.stringify({
    runs: [...runs, run.id],
    owner: caller.userId,
    calls,
  } satisfies Sealed)
  if (text.length > CALLS_MAX_CHARS)
    throw new AppError(
      'too_large',
      'What the tools asked has grown too long to wait for your answer. Start a new chat.',
    )
  await storeParkedCalls(
    asking,
    await seal(text, 'waiting calls'),
    asked.map(({ row }) => row),
  )
  for (const { item } of asked) yield { type: 'thread.item.done', item }
}

/**
 * The calls of exactly this run of this person, with the runs that led to it. Null if they cannot be
 * unsealed any more, or belong to another run or person.
 */
export async function unsealCalls(
  sealed: string,
  run: { id: string; ownerId: string },
): Promise<Pick<Sealed, 'runs' | 'calls'> | null> {
  const text = await unseal(sealed, 'waiting calls')
  if (text === null) return null
  const { owner, ...open } = JSON.parse(text) as Sealed
  return open.runs.at(-1) === run.id && owner === run.ownerId ? open : null
}
