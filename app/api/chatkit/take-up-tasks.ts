import { type Answering, makeDeps } from '#app/api/chatkit/make-deps.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import type { TakeUp } from '#lib/agent/tasks/look-at-tasks.ts'
import { unsealTask } from '#lib/agent/tasks/run-tasks.ts'
import { TakenUpCalls } from '#lib/agent/tasks/taken-up-calls.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { prepareTurn, streamOptionsEvent } from '#lib/chatkit/server/operations/prepare-turn.ts'
import { loadActive } from '#lib/chatkit/server/operations/require.ts'
import type { Turn } from '#lib/chatkit/server/turn.ts'
import { findRun } from '#lib/data/runs/runs.ts'
import { claimServerTasks, listOpenTasks, type ServerTask } from '#lib/data/runs/tasks/server-tasks.ts'
import type { SessionCaller } from '#lib/platform/crypto/caller.ts'
import { AppError } from '#lib/platform/errors.ts'
import { startRun } from '#lib/runs/start-run.ts'

/** The operation of runs that no request began. */
const OPERATION = 'tasks.take_up'

/**
 * Starts a run that takes up what the tasks of a parked run have come to, for the person as they
 * are now: the model answers with it, whether or not anyone looks on. Throws conflict if the thread
 * is busy, or another process was faster.
 */
export function makeTakeUp({ respond, act, ...edges }: Answering): TakeUp {
  return async (task, { role, sessionVersion }) => {
    const { ownerId: userId, threadId, runId } = task
    const caller: SessionCaller = { userId, role, via: 'session', sessionVersion }
    const deps = makeDeps(caller, { respond, act })
    const parked = await findRun(caller, runId)
    const prepared = await prepareTurn<TurnContext, { thread: Turn['thread'] }>(deps, {
      check: async () => {
        const thread = await loadActive(deps.store, threadId)
        const open = await listOpenTasks(caller, threadId, [task.callId])
        if (!open.some(({ id, runId: now }) => id === task.id && now === runId))
          throw new AppError('conflict', 'This task was taken up already.')
        return { thread }
      },
      begin: async ({ thread }) => [streamOptionsEvent(deps, thread)],
      answer: () => (turn, context) => ({ events: takeUp(task, { ...turn, input: null }, context) }),
    })
    const messageId = parked?.turnId ?? undefined
    await startRun(
      { caller, threadId, operation: OPERATION, requestId: '', ...(messageId && { messageId }) },
      {
        check: prepared.check,
        begin: async () => {
          const events = await prepared.begin()
          return (run) => events(run.signal, { ...edges, caller, run })
        },
      },
    )
  }
}

async function* takeUp(task: ServerTask, turn: Turn, context: TurnContext): AsyncGenerator<ThreadStreamEvent> {
  const { caller, run } = context
  const claimed = await claimServerTasks(caller, task, run.id)
  const opened = (await Promise.all(claimed.map(unsealTask))).filter((one) => one !== null)
  if (opened.length === 0) return
  const runs = [...new Set(opened.flatMap((one) => one.runs))]
  const calls = opened.map(({ call }) => call)
  const continued = await TakenUpCalls.read(turn.store, turn.thread.id, runs, calls)
  yield* runTurn(turn, context, { continued })
}
