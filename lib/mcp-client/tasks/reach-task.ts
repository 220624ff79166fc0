import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { type Client, ProtocolError } from '@modelcontextprotocol/client'
import type { TaskHandle } from '#lib/mcp-client/answers/task-handle.ts'
import type { Failure, Result } from '#lib/mcp-client/calls/results.ts'
import { EFFECT, toSafeDetail } from '#lib/mcp-client/failures/mcp-failure.ts'
import { awaitTaskResult, getTask, type TaskState } from '#lib/mcp-client/tasks/task-wire.ts'

/**
 * How long (ms) a run waits for a task before it is parked: a result that comes within that time is
 * used in the same run. `takenUp`: for a run that takes up what the task has come to already.
 */
export const TASK_PATIENCE = { begun: 4_000, takenUp: 20_000 }
const LOOK_MS = { least: 250, most: 2_000 }
const REQUEST_MS = 30_000
/** How often a run waits once more for a question that its server has announced. */
const QUESTIONS_MAX = 20
const INVALID_PARAMS = -32_602

/** What a task has come to: its result, a failure, what its server asks, or nothing yet. */
export type Reached =
  | { result: Result }
  | { failure: Failure }
  | { inputRequests: NonNullable<TaskState['inputRequests']> }
  | { isWorking: true }

type Waiting = {
  client: Client
  handle: TaskHandle
  signal: AbortSignal
  /** The trace of the call, by which the server's questions are recognized. */
  meta: object
  /** Waits no longer when it aborts. It does not while a person is being asked. */
  patience: Patience
  onSaid: (said: string) => void
}

/** The time that a run has for a task. It stands still while a person is being asked. */
export class Patience {
  readonly #ms: number
  #over = Promise.withResolvers<void>()
  #timer: NodeJS.Timeout | undefined
  #pauses = 0

  constructor(kind: keyof typeof TASK_PATIENCE) {
    this.#ms = TASK_PATIENCE[kind]
    this.restart()
  }

  /** Resolves when the time is over. */
  get over(): Promise<void> {
    return this.#over.promise
  }

  /** Gives the run as much time again. */
  restart(): void {
    clearTimeout(this.#timer)
    const over = Promise.withResolvers<void>()
    this.#over = over
    if (this.#pauses === 0) this.#timer = setTimeout(over.resolve, this.#ms)
  }

  pause(): Disposable {
    clearTimeout(this.#timer)
    this.#pauses += 1
    return {
      [Symbol.dispose]: () => {
        this.#pauses -= 1
        if (this.#pauses === 0) this.#timer = setTimeout(this.#over.resolve, this.#ms)
      },
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#pauses = Number.POSITIVE_INFINITY
  }
}

/**
 * Waits for a task as long as a run has patience. Throws what the SDK throws if the server cannot be
 * asked, and the signal's reason.
 */
export async function reachTask(waiting: Waiting): Promise<Reached> {
  return waiting.handle.isModern ? reachByLooking(waiting) : reachByWaiting(waiting)
}

/** Since 2026-07-28 the description of a task brings its result. */
async function reachByLooking({ client, handle, signal, patience, onSaid }: Waiting): Promise<Reached> {
  for (;;) {
    const state = await findTask(client, handle.id, signal)
    if (!state) return { failure: FORGOTTEN }
    if (state.said) onSaid(state.said)
    const { result, error, inputRequests } = state
    if (state.status === 'completed' && result) return { result }
    if (state.status === 'failed') return { failure: toFailed(error?.message ?? state.said) }
    if (state.status === 'cancelled') return { failure: toCancelled(state.said) }
    const asked = Object.entries(inputRequests ?? {}).filter(([key]) => !handle.answered?.includes(key))
    if (state.status === 'input_required' && asked.length > 0) return { inputRequests: Object.fromEntries(asked) }
    const inMs = Math.min(Math.max(state.inMs ?? LOOK_MS.least, LOOK_MS.least), LOOK_MS.most)
    const isOver = await Promise.race([patience.over.then(() => true), sleep(inMs, false, { signal })])
    if (isOver) return { isWorking: true }
  }
}

/** In 2025-11-25 a request waits for the result, and what the server asks comes on its stream. */
async function reachByWaiting({ client, handle, signal, meta, patience }: Waiting): Promise<Reached> {
  const giveUp = new AbortController()
  const options = { signal: AbortSignal.any([signal, giveUp.signal]), timeout: 2 ** 31 - 1 }
  const reaching = awaitTaskResult(client, handle.id, meta, options).then(
    (result): Reached => ({ result }),
    (error) => explain(error, client, handle.id, signal),
  )
  reaching.catch(() => undefined)
  for (let questions = 0; ; questions += 1) {
    const reached = await Promise.race([reaching, patience.over])
    if (reached) return reached
    // A question that is on its way would be lost with its stream.
    const state = questions < QUESTIONS_MAX ? await findTask(client, handle.id, signal) : undefined
    if (state?.status !== 'input_required') break
    patience.restart()
  }
  giveUp.abort()
  await reaching.catch(() => undefined)
  // The SDK tells the server a moment later.
  await setImmediate()
  return { isWorking: true }
}

/** Servers without a result of a task say so in words of their own. Throws an error that explains nothing. */
async function explain(error: unknown, client: Client, taskId: string, signal: AbortSignal): Promise<Reached> {
  if (!(error instanceof ProtocolError) || signal.aborted) throw error
  const state = await findTask(client, taskId, signal)
  if (!state) return { failure: FORGOTTEN }
  if (state.status === 'failed') return { failure: toFailed(state.said ?? error.message) }
  if (state.status === 'cancelled') return { failure: toCancelled(state.said) }
  throw error
}

/** How a task stands; undefined if the server does not know it. */
export async function findTask(client: Client, taskId: string, signal: AbortSignal): Promise<TaskState | undefined> {
  try {
    return await getTask(client, taskId, { signal, timeout: REQUEST_MS })
  } catch (error) {
    if (error instanceof ProtocolError && error.code === INVALID_PARAMS) return undefined
    throw error
  }
}

const FORGOTTEN: Failure = {
  class: 'outcome_unknown',
  sentence: `The server of this tool no longer knows the task of this call. ${EFFECT}`,
  status: 'unknown',
  sent: true,
}

function toFailed(said = ''): Failure {
  return {
    class: 'server_error',
    sentence: `The task of this call failed. ${EFFECT}${quote(said)}`,
    status: 'unknown',
    sent: true,
  }
}

function toCancelled(said = ''): Failure {
  const sentence = `The server of this tool cancelled the task of this call. ${EFFECT}${quote(said)}`
  return { class: 'cancelled', sentence, status: 'cancelled', sent: true }
}

function quote(said: string): string {
  const detail = toSafeDetail(said)
  return detail && ` It said: ${detail}`
}
