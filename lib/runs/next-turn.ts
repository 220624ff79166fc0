import { log } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

/** A thread and its owner. */
type Home = { ownerId: string; threadId: string }
type BeginNext = (home: Home) => Promise<void>

/** The operation of runs that no request began, but the end of the run before. */
export const DELIVERY = 'threads.deliver_message'

const state = processState('next turns', (): { begin?: BeginNext } => ({}))

/** Sets what begins the next turn of a thread on which nothing works any more. */
export function setNextTurn(begin: BeginNext): void {
  state().begin = begin
}

/** Begins the thread's next turn, if a message waits for it. Does not wait for that, and never throws. */
export function beginNextTurn(home: Home): void {
  state()
    .begin?.(home)
    .catch((error: unknown) => log.warn({ error, thread_id: home.threadId }, 'a waiting message is sent later'))
}
