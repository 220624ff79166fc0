import { PersonHints } from '#lib/platform/process/person-hints.ts'
import type { Hint } from '#lib/platform/process/watch-hints.ts'
import { processState } from '#lib/platform/process-state.ts'

/** The shortest interval (ms) between two hints to a page. */
const HINT_MS = 1_000

const hints = processState('conversation changes', () => new PersonHints('switchboard_conversations', HINT_MS))

/**
 * Tells the pages that list a person's conversations, on every replica, that one has changed: a
 * run began or ended, or a name, a pin or the archive is another.
 */
export function noteConversationChange(userId: string): void {
  hints().note(userId)
}

/**
 * Yields a hint each time that one of a person's conversations changed, at most one a second. Ends
 * after ten minutes, with `signal`, or at shutdown.
 */
export function watchConversationChanges(userId: string, signal: AbortSignal): AsyncGenerator<Hint, boolean> {
  return hints().watch(userId, signal)
}
