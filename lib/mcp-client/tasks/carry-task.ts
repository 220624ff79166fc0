import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import type { TaskHandle } from '#lib/mcp-client/answers/task-handle.ts'
import type { CallingRun } from '#lib/mcp-client/calls/calling-run.ts'
import { checkOutput } from '#lib/mcp-client/calls/check-output.ts'
import { type Attempt, toolError } from '#lib/mcp-client/calls/results.ts'
import { toMcpFailure } from '#lib/mcp-client/failures/mcp-failure.ts'
import type { WaitingTask } from '#lib/mcp-client/questions/asking.ts'
import type { QuestionAnswer } from '#lib/mcp-client/questions/server-question.ts'
import { readWantedInput } from '#lib/mcp-client/questions/wanted-input.ts'
import { findRefusal } from '#lib/mcp-client/refusal.ts'
import type { ServerSession } from '#lib/mcp-client/sessions/server-session.ts'
import { type Patience, reachTask } from '#lib/mcp-client/tasks/reach-task.ts'
import { cancelTask, type TaskState, updateTask } from '#lib/mcp-client/tasks/task-wire.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'
import { AppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'

const CANCEL_MS = 5_000
/** The most answers that one task gets. */
const ANSWERS_MAX = 25
const REQUEST_MS = 30_000
/** When (ms) a task is looked at again after its result could not be read. */
const AGAIN_MS = 30_000

// The task goes on, whatever keeps us from asking for it just now.
const PASSING: ReadonlySet<FailureClass> = new Set([
  ...(['refused', 'dns', 'tls', 'connect_timeout', 'overloaded'] as const),
  ...(['transport_lost', 'hard_timeout', 'outcome_unknown'] as const),
])

/** The failures to reach a server that say something of its task, too. After any other it goes on. */
export const ENDS_TASK: ReadonlySet<FailureClass> = new Set(['denied', 'unauthorised', 'forbidden', 'cancelled'])

type Carried = {
  run: CallingRun
  /** Begins another session, for a server that has lost the one of the task. */
  newSession: () => ServerSession
  session: ServerSession
  waiting: WaitingTask
  listed: McpTool | undefined
  /** The task as the call began it; undefined if it was begun earlier. */
  begun: TaskState | undefined
  /** How long (ms) the task may take in total. */
  forMs: number
  /** The person's answers to what the task asked (2026-07-28). */
  answers: Record<string, QuestionAnswer> | undefined
  patience: Patience
  signal: AbortSignal
  meta: object
  note: (sentence: string) => void
  onSaid: (said: string) => void
}

/**
 * Waits for the task of a call as long as its run has patience. It is stored first, so that whatever
 * happens here, a later run can take up its result. A person's stop ends it at its server too.
 * Throws what makes its end certain.
 */
export async function carryTask(given: Carried): Promise<Attempt> {
  const { run, session, waiting, begun, forMs, answers, signal } = given
  const { client } = session
  const { id } = waiting.task
  try {
    if (begun) await run.tasks?.begin(waiting, { ...begun, forMs })
  } catch (error) {
    // What is not stored cannot be taken up.
    await cancel(session, waiting.task)
    throw error
  }
  let carried = given
  try {
    if (answers) {
      await updateTask(client, id, answers, { signal, timeout: REQUEST_MS })
      carried = { ...withAnswered(given, answers), answers: undefined }
      await run.tasks?.begin(carried.waiting, { forMs })
    }
    return await reach(carried)
  } catch (error) {
    const isOurEnd = signal.reason instanceof AppError && signal.reason.code === 'unavailable'
    if (signal.aborted && !isOurEnd) await cancel(session, waiting.task)
    const { failureClass } = toMcpFailure(error, 'call')
    if (failureClass === 'session_lost' && waiting.task.session) return elsewhere(carried)
    const isPassing = isOurEnd || (!signal.aborted && !findRefusal(error) && PASSING.has(failureClass))
    if (!isPassing) throw error
    log.info({ error, server: waiting.server, tool: waiting.tool }, 'a task could not be asked for and goes on')
    if (!isOurEnd) await run.tasks?.begin(carried.waiting, { inMs: AGAIN_MS, forMs })
    return goOn(carried)
  }
}

/** Goes on with the task in another session. */
async function elsewhere(carried: Carried): Promise<Attempt> {
  const { session: _, ...task } = carried.waiting.task
  const session = carried.newSession()
  await session.open()
  return carryTask({ ...carried, session, waiting: { ...carried.waiting, task }, begun: undefined })
}

async function reach(carried: Carried): Promise<Attempt> {
  const { session, waiting, signal, meta, patience, onSaid, run, listed, note } = carried
  const { client } = session
  const reached = await reachTask({ client, handle: waiting.task, signal, meta, patience, onSaid })
  if ('isWorking' in reached) {
    // What a run has taken up is asked for again.
    if (!carried.begun) await run.tasks?.begin(waiting, { forMs: carried.forMs })
    return goOn(carried)
  }
  if ('failure' in reached) return { failure: reached.failure, hadTask: true, hasAsked: true }
  if ('result' in reached) {
    const result = checkOutput(reached.result, listed)
    return { result, hadTask: true, ...(result.isError && { failure: toolError(result) }) }
  }
  const input = readWantedInput({ resultType: 'input_required', inputRequests: reached.inputRequests }, note)
  const { answered = [] } = waiting.task
  if (!input || answered.length > ANSWERS_MAX) {
    await cancel(session, waiting.task)
    const sentence = 'The task of this call asked for something that is not offered here.'
    return {
      failure: { class: 'input_required', sentence, status: 'unknown', sent: true },
      hadTask: true,
      hasAsked: true,
    }
  }
  const { rowId, workedMs, task } = waiting
  if (input.questions.length > 0) {
    await run.tasks?.ask(rowId)
    session.isKept = true
    return { wanted: { input, rowId, workedMs, task }, hasAsked: true }
  }
  await updateTask(client, task.id, input.answers, { signal, timeout: REQUEST_MS })
  return reach(withAnswered(carried, input.answers))
}

/** Notes in the handle what is answered, so that it is not asked and answered again. */
function withAnswered(carried: Carried, answers: Record<string, QuestionAnswer>): Carried {
  const { task } = carried.waiting
  const answered = [...(task.answered ?? []), ...Object.keys(answers)]
  return { ...carried, waiting: { ...carried.waiting, task: { ...task, answered } } }
}

function goOn({ session, waiting }: Carried): Attempt {
  session.isKept = true
  return { goesOn: waiting }
}

async function cancel({ client }: ServerSession, { id }: TaskHandle): Promise<void> {
  await cancelTask(client, id, { timeout: CANCEL_MS }).catch((error) =>
    log.debug({ error }, 'a task could not be cancelled'),
  )
}
