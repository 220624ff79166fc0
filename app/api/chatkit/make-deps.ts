import { stopTurn } from '#app/api/chatkit/stop-turn.ts'
import { watchForTitle } from '#app/api/chatkit/watch-for-title.ts'
import { withCurrentCards } from '#lib/agent/approvals/current-cards.ts'
import { findChosenSlug } from '#lib/agent/assistants/find-chosen-slug.ts'
import { requireUsableAssistant } from '#lib/agent/assistants/usable-assistants.ts'
import { requireChoiceFor } from '#lib/agent/models/catalog/model-choice.ts'
import { transcribe } from '#lib/agent/models/transcribe.ts'
import { answersHeldQuestion, makeAnswerHeld } from '#lib/agent/questions/answer-held.ts'
import { withCurrentQuestions } from '#lib/agent/questions/current-questions.ts'
import { endWaits } from '#lib/agent/questions/end-waits.ts'
import { withCurrentTasks } from '#lib/agent/tasks/current-tasks.ts'
import { watchTasks } from '#lib/agent/tasks/watch-tasks.ts'
import type { AgentEdges, TurnContext } from '#lib/agent/turn-context.ts'
import { consumeLimit, type Limit } from '#lib/auth/limits/rate-limit.ts'
import type { AttachmentFiles, Deps } from '#lib/chatkit/server/deps.ts'
import { CustomStreamError } from '#lib/chatkit/server/stream-errors.ts'
import type { Act, Respond } from '#lib/chatkit/server/turn.ts'
import { announceAttachment, deleteBytes } from '#lib/data/attachments/attachments.ts'
import type { AudienceMember } from '#lib/data/audience.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { pinItems } from '#lib/data/chat/context/pinned-items.ts'
import { saveFeedback } from '#lib/data/chat/feedback.ts'
import { withTurnOutcomes } from '#lib/data/chat/turn-outcomes.ts'
import { ownFailureClass } from '#lib/data/runs/run-failures.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { env } from '#lib/platform/env.ts'
import { toAppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'
import { attachToRun, findRepeated } from '#lib/runs/attach-run.ts'
import { beginNextTurn } from '#lib/runs/next-turn.ts'

/** Limits for one person: transcriptions and uploads. */
const SPEECH: Limit = { name: 'speech', points: 20, seconds: 60 }
const ANNOUNCEMENTS: Limit = { name: 'announcements', points: 120, seconds: 60 }

/** What answers a turn: the agent with its edges, or a test's script. */
export type Answering = AgentEdges & { respond: Respond<TurnContext>; act?: Act<TurnContext> }

/** Everything that this product passes to the protocol's server, for one caller. */
export function makeDeps(caller: Caller, { respond, act }: Pick<Answering, 'respond' | 'act'>): Deps<TurnContext> {
  const stored = createPrismaStore(caller)
  const { MESSAGE_MAX_CHARS, ATTACHMENTS, ATTACHMENTS_PER_MESSAGE } = env()
  return {
    store: withTurnOutcomes(
      withCurrentTasks(withCurrentQuestions(withCurrentCards(stored, caller), caller), caller),
      caller,
    ),
    respond,
    watch: watchForTitle,
    act,
    leave: (threadId) => endWaits(caller, stored, threadId),
    actSync: makeAnswerHeld(caller),
    takesSync: answersHeldQuestion,
    limits: { messageMaxChars: MESSAGE_MAX_CHARS, attachmentsMax: ATTACHMENTS_PER_MESSAGE },
    turns: {
      stop: (threadId) => stopTurn(caller, threadId),
      attach: async (threadId, { wait, ...to }) =>
        wait
          ? { threadId, events: watchTasks(caller, stored, threadId, () => attachToRun(caller, threadId)) }
          : attachToRun(caller, threadId, to),
      findRepeated: (requestId) => findRepeated(caller, requestId),
      beginWaiting: (threadId) => beginNextTurn({ ownerId: caller.userId, threadId }),
    },
    files: ATTACHMENTS === 'on' ? filesOf(caller) : undefined,
    feedback: (given) => saveFeedback(caller, given),
    pin: (given) => pinItems(caller, given),
    transcribe: (audio) => within(SPEECH, caller, () => transcribe(memberOf(caller), audio)),
    checkMessage: async (input) => {
      const model = input.inference_options?.model
      if (model != null) await requireChoiceFor(memberOf(caller), model)
      const slug = findChosenSlug(input)
      if (slug !== undefined) await requireUsableAssistant(memberOf(caller), slug)
    },
    onFailure: (error, told, { run }) => {
      // The agent has already logged and classified its own failures.
      if (!(error instanceof CustomStreamError)) log.error({ error }, 'turn failed')
      run.fail(ownFailureClass(error), told.message ?? toAppError(error).message)
    },
  }
}

function memberOf({ userId, role }: Caller): AudienceMember {
  return { id: userId, role }
}

function filesOf(caller: Caller): AttachmentFiles {
  return {
    create: (params) => within(ANNOUNCEMENTS, caller, () => announceAttachment(caller, params)),
    delete: (id) => deleteBytes(caller, id),
    isReady: ({ upload_descriptor }) => !upload_descriptor,
  }
}

async function within<T>(limit: Limit, caller: Caller, work: () => Promise<T>): Promise<T> {
  await consumeLimit(limit, caller.userId)
  return work()
}
