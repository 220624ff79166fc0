import { findApprovalReason, type Known, type OfferedTool } from '#lib/agent/approvals/approval-rules.ts'
import { findReadingProblem } from '#lib/agent/approvals/find-reading-problem.ts'
import type { PendingCall } from '#lib/agent/approvals/park-run.ts'
import type { ResumedRun } from '#lib/agent/approvals/resumed-run.ts'
import type { AskedCall } from '#lib/agent/models/openai/guarded-model.ts'
import { CallIds } from '#lib/agent/tools/call-ids.ts'
import type { CallRefusal } from '#lib/mcp-client/calls/calling-run.ts'
import { removeBoundArguments } from '#lib/mcp-client/tools/bound-arguments.ts'

const UNJUDGED = { sentence: 'The arguments must be a JSON object. Call the tool again with one.', declined: false }

/**
 * Reviews each call that the model asks for, before it is made: it is made, refused, or a person is
 * asked.
 */
export class CallReview {
  /** Calls that wait for a person's approval, by call id. */
  readonly pending = new Map<string, PendingCall>()
  readonly #known: Known
  readonly #resumed: ResumedRun | undefined
  readonly #callIds = new CallIds()
  readonly #refused: Map<string, CallRefusal>
  /** The arguments as the model wrote them, by call id. */
  readonly #written = new Map<string, string>()

  constructor(known: Known, resumed?: ResumedRun) {
    this.#known = known
    this.#resumed = resumed
    this.#refused = new Map(resumed?.refused)
  }

  /** Notes the calls of a model's answer, before the SDK acts on them. */
  noteAsked(calls: AskedCall[]): void {
    for (const { callId, arguments: text } of calls) this.#written.set(callId, text)
  }

  /** The model's id of a call that is about to be made. */
  callIdOf(tool: string, args: unknown): string | undefined {
    return this.#callIds.claim(tool, args)
  }

  /** Why a call must not be made. A call without an id was never reviewed, so it is refused. */
  refusalOf(callId: string | undefined): CallRefusal | undefined {
    return callId === undefined ? UNJUDGED : this.#refused.get(callId)
  }

  /** Reviews a call. Returns true if the SDK has to interrupt the run for it. */
  mustAsk(offered: OfferedTool, args: unknown, { callId, name }: { callId: string; name: string }): boolean {
    // A call that was decided still needs its approval, so the stored decision applies.
    const decided = this.#resumed?.calls.some((call) => call.callId === callId) ?? false
    const reason = decided ? undefined : findApprovalReason(offered, args, this.#known, callId)
    const unreadable = reason && findReadingProblem(args, this.#written.get(callId))
    if (unreadable)
      this.#refused.set(callId, {
        sentence: `This call needs the person's approval, and ${unreadable}.`,
        declined: false,
      })
    if (reason !== undefined && unreadable === undefined) {
      this.pending.set(callId, { ...offered, callId, name, arguments: args, reason })
      return true
    }
    this.#expect(offered, args, { callId, name })
    return decided
  }

  #expect({ connection, tool }: OfferedTool, args: unknown, { callId, name }: { callId: string; name: string }): void {
    this.#callIds.note({ callId, name, arguments: args })
    connection.made.expect(tool.name, removeBoundArguments(args as Record<string, unknown>, connection.server), callId)
  }
}
