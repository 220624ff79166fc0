import type { ToolCallOutcome } from '#lib/data/runs/ledger.ts'
import { hashArguments } from '#lib/data/runs/ledger.ts'

type Made = { callId: string | undefined; inDoubt: boolean }

/**
 * The calls that one run made at one server, by tool and arguments. Used to detect repeated calls.
 */
export class MadeCalls {
  readonly #made = new Map<string, Made>()

  /**
   * Records a call that is about to be made, so that of two equal calls in one model answer the
   * second counts as a repetition.
   */
  expect(tool: string, args: Record<string, unknown>, callId: string | undefined): void {
    const key = keyOf(tool, args)
    if (!this.#made.has(key)) this.#made.set(key, { callId, inDoubt: false })
  }

  /**
   * Records the end of a call. A call that failed without effect, or was declined, does not count
   * as made.
   */
  settle(
    tool: string,
    args: Record<string, unknown>,
    callId: string | undefined,
    status: ToolCallOutcome['status'] | undefined,
  ): void {
    const key = keyOf(tool, args)
    const before = this.#made.get(key)
    if (status === 'unknown') this.#made.set(key, { callId, inDoubt: true })
    else if (status !== 'failed' && status !== 'declined') this.#made.set(key, before ?? { callId, inDoubt: false })
    else if (before?.callId === callId && !before?.inDoubt) this.#made.delete(key)
  }

  /** True if such a call may have taken effect, but its outcome is unknown. */
  isInDoubt(tool: string, args: Record<string, unknown>): boolean {
    return this.#made.get(keyOf(tool, args))?.inDoubt === true
  }

  /** True if such a call was made, or is about to be made, under another call id. */
  isMadeBefore(tool: string, args: Record<string, unknown>, callId: string | undefined): boolean {
    const made = this.#made.get(keyOf(tool, args))
    return made !== undefined && (made.callId === undefined || made.callId !== callId)
  }
}

function keyOf(tool: string, args: Record<string, unknown>): string {
  return `${tool} ${hashArguments(args)}`
}
