import type { RunToolApprovalItem } from '@openai/agents'
import { findApprovalReason, type Known, type OfferedTool } from '#lib/agent/approvals/approval-rules.ts'
import { DECLINED } from '#lib/agent/approvals/close-approvals.ts'
import { findReadingProblem } from '#lib/agent/approvals/find-reading-problem.ts'
import type { PendingCall } from '#lib/agent/approvals/park-run.ts'
import type { ResumedRun } from '#lib/agent/approvals/resumed-run.ts'
import type { AskedCall } from '#lib/agent/models/openai/guarded-model.ts'
import { findOffered, parseObject } from '#lib/agent/tools/agent-tools.ts'
import type { CallRefusal } from '#lib/mcp-client/calls/calling-run.ts'
import type { ToolConnection } from '#lib/mcp-client/connection/tool-connection.ts'
import { removeBoundArguments } from '#lib/mcp-client/tools/bound-arguments.ts'

const NO_OBJECT = { sentence: 'The arguments must be a JSON object. Call the tool again with one.', declined: false }
const NOT_ITS_TOOL = { sentence: 'This assistant may not use this tool.', declined: false }
const NOT_AGREED = { sentence: DECLINED, declined: true }

type Call = { callId: string; name: string }
type Arguments = Record<string, unknown>
/** `message`: what the model is told of a call that is not made. */
export type Decision = { isApproved: true } | { isApproved: false; message: string }

/**
 * Reviews each call that the model asks for, before it is made: it is made, refused, or a person is
 * asked. A refused call is recorded here, and never reaches its server.
 */
export class CallReview {
  /** Calls that wait for a person's approval, by call id. */
  readonly pending = new Map<string, PendingCall>()
  /** True if the person chose the turn's calls, by a command, whatever the conversation holds. */
  isCommand = false
  readonly #known: Known
  readonly #resumed: ResumedRun | undefined
  /** The ids of the calls that may be made. */
  readonly #cleared = new Set<string>()
  /** What the model is told of refused calls, by call id. */
  readonly #refused = new Map<string, string>()
  /** The arguments as the model wrote them, by call id. */
  readonly #written = new Map<string, string>()
  /** The ids of the calls whose assistant may not use the tool. */
  readonly #barred = new Set<string>()

  constructor(known: Known, resumed?: ResumedRun) {
    this.#known = known
    this.#resumed = resumed
  }

  /**
   * Notes the calls of a model's answer, before the SDK acts on them. `mayUse` says which tools the
   * assistant may use that asks for them.
   */
  noteAsked(calls: AskedCall[], mayUse: (name: string) => boolean): void {
    for (const { callId, name, arguments: text } of calls) {
      this.#written.set(callId, text)
      if (!mayUse(name)) this.#barred.add(callId)
    }
  }

  /**
   * What the model is told instead of a result; undefined if the call may be made. A call that was
   * never reviewed is refused.
   */
  findRefusal(callId: string): string | undefined {
    return this.#cleared.has(callId) ? undefined : (this.#refused.get(callId) ?? NO_OBJECT.sentence)
  }

  /** Reviews a call. Resolves to true if the SDK has to interrupt the run for it. */
  async mustAsk(offered: OfferedTool, args: Arguments, { callId, name }: Call): Promise<boolean> {
    const { connection, tool } = offered
    // The SDK may have a call reviewed more than once.
    if (this.#refused.has(callId)) return false
    if (this.#barred.has(callId)) {
      await this.#refuse(connection, { callId, name }, args, NOT_ITS_TOOL)
      return false
    }
    // A call that was decided still needs its approval, so the stored decision applies.
    const decided = this.#resumed?.isApproved(callId) !== undefined
    const reason = decided ? undefined : findApprovalReason(offered, args, this.#relevant, callId)
    const unreadable = reason && findReadingProblem(args, this.#written.get(callId))
    if (unreadable) {
      const sentence = `This call needs the person's approval, and ${unreadable}.`
      await this.#refuse(connection, { callId, name }, args, { sentence, declined: false })
      return false
    }
    if (reason !== undefined) {
      const concerns = this.#relevant.untrusted?.findConcerns(connection.server, tool, offered.policy)
      this.pending.set(callId, { ...offered, callId, name, arguments: args, reason, ...(concerns && { concerns }) })
      return true
    }
    this.#cleared.add(callId)
    connection.made.expect(tool.name, removeBoundArguments(args, connection.server), callId)
    return decided
  }

  /**
   * Decides about a call for which the SDK interrupted the run: one that its person has answered,
   * or one that was never reviewed, because its arguments are no object. Resolves to undefined if
   * the person has to be asked.
   */
  async decide({ rawItem }: RunToolApprovalItem, connections: ToolConnection[]): Promise<Decision | undefined> {
    if (rawItem.type !== 'function_call' || this.pending.has(rawItem.callId)) return undefined
    const isApproved = this.#resumed?.isApproved(rawItem.callId)
    if (isApproved) {
      this.#cleared.add(rawItem.callId)
      return { isApproved }
    }
    const args = parseObject(rawItem.arguments) ?? {}
    const connection = findOffered(connections, rawItem.name)?.connection
    const refusal = isApproved === false ? NOT_AGREED : NO_OBJECT
    return { isApproved: false, message: await this.#refuse(connection, rawItem, args, refusal) }
  }

  /** What counts for a call: content of the conversation does not lead to a person's command. */
  get #relevant(): Known {
    return this.isCommand ? { ...this.#known, untrusted: undefined } : this.#known
  }

  async #refuse(
    connection: ToolConnection | undefined,
    { callId, name }: Call,
    args: Arguments,
    refusal: CallRefusal,
  ): Promise<string> {
    const message = (await connection?.refuse(name, args, callId, refusal)) ?? refusal.sentence
    this.#refused.set(callId, message)
    return message
  }
}
