import type { TurnContext } from '#app/api/chatkit/answer.ts'
import { inBackground } from '#app/api/chatkit/background.ts'
import { withStandingCards } from '#lib/agent/standing-cards.ts'
import { namesThreads, nameThread } from '#lib/agent/title.ts'
import { canTranscribe, transcribe } from '#lib/agent/transcribe.ts'
import type { Caller } from '#lib/auth/caller.ts'
import { consume, type Limit } from '#lib/auth/rate-limit.ts'
import { CustomStreamError } from '#lib/chatkit/errors.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Act, Respond, Turn } from '#lib/chatkit/respond.ts'
import type { AttachmentFiles, Deps } from '#lib/chatkit/server.ts'
import { messageText, titleFrom } from '#lib/chatkit/title.ts'
import { announceAttachment, deleteBytes } from '#lib/data/attachments.ts'
import { prismaStore } from '#lib/data/chatkit-store.ts'
import { saveFeedback } from '#lib/data/feedback.ts'
import { env } from '#lib/env.ts'
import { isDatabaseDown, toAppError } from '#lib/errors.ts'
import { outsideRun } from '#lib/fence.ts'
import { log } from '#lib/log.ts'
import { attachToRun, findRepeated, stopRun } from '#lib/runs/runs.ts'

/** What one person may ask for: words for speech, places for files. */
const SPEECH: Limit = { name: 'speech', points: 20, seconds: 60 }
const ANNOUNCEMENTS: Limit = { name: 'announcements', points: 120, seconds: 60 }

/** What answers: the agent, or a script of a test. */
export type Answering = { respond: Respond<TurnContext>; act?: Act<TurnContext> }

/** Everything that the protocol's server gets from this product, for one caller. */
export function depsFor(caller: Caller, { respond, act }: Answering): Deps<TurnContext> {
  const { MESSAGE_MAX_CHARS, ATTACHMENTS, ATTACHMENTS_PER_MESSAGE } = env()
  return {
    store: withStandingCards(prismaStore(caller), caller),
    respond: titled(respond),
    act,
    limits: { messageMaxChars: MESSAGE_MAX_CHARS, attachmentsMax: ATTACHMENTS_PER_MESSAGE },
    turns: {
      stop: (threadId) => stopRun(caller, threadId),
      attach: (threadId, to) => attachToRun(caller, threadId, to),
      findRepeated: (requestId) => findRepeated(caller, requestId),
    },
    files: ATTACHMENTS === 'on' ? filesOf(caller) : undefined,
    feedback: (given) => saveFeedback(caller, given),
    transcribe: canTranscribe() ? (audio) => within(SPEECH, caller, () => transcribe(audio)) : undefined,
    onFailure: (error, told, { run }) => {
      // The agent has logged and classed its own failures already.
      if (!(error instanceof CustomStreamError)) log.error({ error }, 'turn failed')
      run.fail(isDatabaseDown(error) ? 'database' : 'internal', told.message ?? toAppError(error).message)
    },
  }
}

function filesOf(caller: Caller): AttachmentFiles {
  return {
    create: (params) => within(ANNOUNCEMENTS, caller, () => announceAttachment(caller, params)),
    delete: (id) => deleteBytes(caller, id),
    isReady: ({ upload_descriptor }) => !upload_descriptor,
  }
}

async function within<T>(limit: Limit, caller: Caller, work: () => Promise<T>): Promise<T> {
  await consume(limit, caller.userId)
  return work()
}

/** A thread without a title gets one from the message that it is asked to answer, and a better one by the model once it is answered. */
function titled(respond: Respond<TurnContext>): Respond<TurnContext> {
  return async function* (turn, context) {
    const first = turn.input !== null && turn.thread.title === undefined
    if (first && turn.input) turn.thread.title = titleFrom(turn.input)
    let answer = ''
    for await (const event of respond(turn, context)) {
      if (first) answer += saidIn(event)
      yield event
    }
    if (first && answer && !turn.signal.aborted && namesThreads()) inBackground(outsideRun(() => rename(turn, context.caller, answer)))
  }
}

function saidIn(event: ThreadStreamEvent): string {
  if (event.type !== 'thread.item.done' || event.item.type !== 'assistant_message') return ''
  return event.item.content.map(({ text }) => text).join('')
}

async function rename({ thread, store, input }: Turn, caller: Caller, answer: string): Promise<void> {
  const before = thread.title
  try {
    const title = input && (await nameThread(caller, { question: messageText(input), answer }))
    if (!title) return
    const stored = await store.loadThread(thread.id)
    // Whoever gave it a name meanwhile keeps it.
    if (stored.title === before) await store.saveThread({ ...stored, title })
  } catch (error) {
    log.warn({ error, thread_id: thread.id }, 'a conversation keeps its first words as its name')
  }
}
