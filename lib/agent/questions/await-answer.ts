import {
  ANSWERS_CHANNEL,
  endHeldQuestions,
  type Question,
  takeHeldAnswers,
} from '#lib/data/runs/questions/questions.ts'
import type { QuestionAnswer } from '#lib/mcp-client/questions/server-question.ts'
import { unseal } from '#lib/platform/crypto/seal.ts'
import { listen } from '#lib/platform/db/notify.ts'
import { log } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

/** How often (ms) the rows are read, because notifications may be lost. */
const LOOK_MS = 5_000

/** An answer as it arrived. `answer` is undefined if nobody answered. */
type ArrivedAnswer = { status: Question['status']; answer?: QuestionAnswer }

type Awaited = { ownerId: string; resolve: (arrived: ArrivedAnswer) => void }

const awaited = processState('held questions', () => {
  const questions = new Map<string, Awaited>()
  const lookAll = () => void look([...questions.keys()])
  const stopHearing = listen(ANSWERS_CHANNEL, {
    heard: (id) => {
      if (questions.has(id)) void look([id])
    },
    missed: lookAll,
  })
  const timer = setInterval(lookAll, LOOK_MS).unref()
  return { questions, stopHearing, timer, looking: Promise.resolve() }
})

/**
 * Waits for the answer to a question of this process, which may arrive at any replica. Once `late`
 * aborts, the question is expired, unless it was answered in that moment: the row decides. Throws the
 * reason of `signal` if that aborts first.
 */
export async function awaitAnswer(
  id: string,
  ownerId: string,
  { signal, late }: { signal: AbortSignal; late: AbortSignal },
): Promise<ArrivedAnswer> {
  const { questions } = awaited()
  const { promise, resolve, reject } = Promise.withResolvers<ArrivedAnswer>()
  const onAbort = () => reject(signal.reason)
  const onLate = () =>
    void endHeldQuestions({ userId: ownerId }, [id], 'expired')
      .then(() => look([id]))
      .then(() => resolve({ status: 'expired' }), reject)
  questions.set(id, { ownerId, resolve })
  signal.addEventListener('abort', onAbort, { once: true })
  late.addEventListener('abort', onLate, { once: true })
  try {
    if (signal.aborted) onAbort()
    return await promise
  } finally {
    questions.delete(id)
    signal.removeEventListener('abort', onAbort)
    late.removeEventListener('abort', onLate)
  }
}

/** Takes the answers to these questions. One look after the other: who takes an answer also passes it on. */
function look(ids: string[]): Promise<void> {
  const state = awaited()
  state.looking = state.looking.then(() => takeAnswers(ids))
  return state.looking
}

async function takeAnswers(ids: string[]): Promise<void> {
  const { questions } = awaited()
  const byOwner = Map.groupBy(ids, (id) => questions.get(id)?.ownerId)
  for (const [ownerId, own] of byOwner) {
    if (ownerId === undefined) continue
    try {
      for (const { id, status, sealedAnswer } of await takeHeldAnswers({ userId: ownerId }, own)) {
        const answer = sealedAnswer === null ? undefined : await openAnswer(sealedAnswer)
        questions.get(id)?.resolve({ status, ...(answer && { answer }) })
      }
    } catch (error) {
      log.warn({ error }, 'looking for answers to held questions failed')
    }
  }
}

/** The sealed answer of a person; undefined if it cannot be unsealed any more. */
export async function openAnswer(sealed: string): Promise<QuestionAnswer | undefined> {
  const text = await unseal(sealed, 'answers to servers')
  return text === null ? undefined : (JSON.parse(text) as QuestionAnswer)
}
