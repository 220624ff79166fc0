import { type Answering, makeDeps } from '#app/api/chatkit/make-deps.ts'
import { refuseIfUsedUp } from '#lib/agent/models/usage/request-meter.ts'
import { UsageRefusal } from '#lib/agent/models/usage/usage-refusal.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import { prepareMessageTurn } from '#lib/chatkit/server/operations/prepare-turn.ts'
import { checkWaiting } from '#lib/chatkit/server/operations/wait-message.ts'
import { type DueMessage, listDueMessages, noteUnsent } from '#lib/data/chat/waiting/due-messages.ts'
import { findAuthority } from '#lib/data/people/authority.ts'
import type { SessionCaller } from '#lib/platform/crypto/caller.ts'
import { AppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'
import { isShuttingDown } from '#lib/platform/process/shutdown.ts'
import { DELIVERY, setNextTurn } from '#lib/runs/next-turn.ts'
import { startRun } from '#lib/runs/start-run.ts'

/** How often (ms) this process looks for messages whose turn no process began. */
const LOOK_MS = 5_000
/** When (ms) a message is sent again after a failure that may pass. */
const AGAIN_MS = 5_000
const SIGNED_OUT = 'You were signed out before this message was sent.'

/**
 * Has messages that wait become the next turn of their thread: when this process ends a run, and when a
 * look finds one whose process died. Call it once when the server starts. Returns what stops the looks.
 */
export function followWaiting(answering: Answering): () => void {
  setNextTurn((home) => deliverDue(answering, home))
  let isLooking = false
  const look = async () => {
    if (isLooking) return
    isLooking = true
    await deliverDue(answering).catch((error) => log.warn({ error }, 'looking for waiting messages failed'))
    isLooking = false
  }
  const timer = setInterval(look, LOOK_MS).unref()
  return () => clearInterval(timer)
}

/** Begins the turn of each message that is due. Throws only if the messages cannot be read. */
async function deliverDue(answering: Answering, home?: { ownerId: string; threadId: string }): Promise<void> {
  if (isShuttingDown()) return
  await Promise.all((await listDueMessages(home)).map((due) => deliver(answering, due)))
}

async function deliver(answering: Answering, due: DueMessage): Promise<void> {
  try {
    const authority = await findAuthority({ userId: due.ownerId })
    if (!authority || authority.disabled || authority.sessionVersion !== due.sessionVersion)
      return await noteUnsent(due, SIGNED_OUT, null)
    await refuseIfUsedUp(due.ownerId)
    const { sessionVersion, role } = authority
    const session = {
      via: 'session',
      sessionVersion,
      ...(due.sessionId !== null && { sessionId: due.sessionId }),
    } as const
    await begin(answering, due, { userId: due.ownerId, role, ...session })
  } catch (error) {
    await meet(due, error).catch((cause) => log.warn({ error: cause }, 'why a message waits could not be noted'))
  }
}

/** Stores the message and its run in one transaction, in which it stops waiting. */
async function begin({ respond, act, ...edges }: Answering, due: DueMessage, caller: SessionCaller): Promise<void> {
  const { threadId } = due
  const deps = makeDeps(caller, { respond, act })
  const check = () => checkWaiting(deps, due.message)
  const opening = { message: await check(), isWaiting: true }
  const prepared = prepareMessageTurn<TurnContext>(deps, opening, check)
  const { messageId } = prepared
  await startRun(
    { caller, threadId, operation: DELIVERY, requestId: '', messageId, clientRequestId: due.message.request_id },
    {
      ...{ opening, check: prepared.check, isPatient: false },
      begin: async () => {
        const events = await prepared.begin({ isStored: true })
        return (run) => events(run.signal, { ...edges, caller, run })
      },
    },
  )
}

/** Keeps why a message was not sent. A busy thread sends it when it is free. */
async function meet(due: DueMessage, error: unknown): Promise<void> {
  if (error instanceof UsageRefusal) return noteUnsent(due, error.sentence, null)
  if (!(error instanceof AppError) || error.status >= 500) {
    log.warn({ error, thread_id: due.threadId }, 'a waiting message could not be sent yet')
    return noteUnsent(due, 'This message could not be sent yet. It is tried again.', AGAIN_MS)
  }
  const { code, message, retryAfter } = error
  if (code === 'limited') return noteUnsent(due, message, (retryAfter ?? 5) * 1_000)
  if (code === 'conflict' && retryAfter !== undefined) return
  return noteUnsent(due, message, null)
}
