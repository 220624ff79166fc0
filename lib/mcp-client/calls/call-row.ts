import { beginToolCall, recordToolCall, type ToolCallOutcome } from '#lib/data/runs/ledger.ts'
import { settleToolCall } from '#lib/data/runs/settle-tool-call.ts'
import type { EffectivePolicy } from '#lib/data/servers/policies.ts'
import type { CallingRun } from '#lib/mcp-client/calls/calling-run.ts'
import { type Attempt, kept, toRecordedResult } from '#lib/mcp-client/calls/results.ts'
import type { Filled } from '#lib/mcp-client/tools/bound-arguments.ts'
import { findSensitiveNames } from '#lib/mcp-client/tools/sensitive-fields.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'
import type { TraceContext } from '#lib/platform/telemetry/trace-context.ts'

/**
 * A call as it is sent: the tool by its server's name for it, its listed definition, and an admin's
 * policy for it.
 */
export type RecordedCall = Filled & {
  server: string
  tool: string
  listed: McpTool | undefined
  policy: EffectivePolicy
  /** The model's id of the call. */
  callId: string | undefined
}

/** A call's row in the ledger: written before the call is sent, settled once after it. */
export class CallRow {
  readonly id: string
  readonly #ownerId: string
  readonly #hidden: string[]
  readonly #startedAt: number

  private constructor(id: string, ownerId: string, hidden: string[], workedMs = 0) {
    this.id = id
    this.#startedAt = performance.now() - workedMs
    this.#ownerId = ownerId
    this.#hidden = hidden
  }

  /** Throws if the row cannot be written. The call must not be sent then. */
  static async begin(call: RecordedCall, run: CallingRun, span: TraceContext): Promise<CallRow> {
    const row = rowOf(call, run, span)
    return new CallRow(await beginToolCall(row), row.ownerId, row.hidden)
  }

  /**
   * Records a call that is not sent, in one write: half of it would read as a call with an unknown
   * outcome. Returns `why`. Throws if the row cannot be written.
   */
  static async unsent(call: RecordedCall, run: CallingRun, span: TraceContext, why: Attempt): Promise<Attempt> {
    const { status = 'failed', class: failureClass, sentence: errorMessage } = why.failure ?? {}
    await recordToolCall(rowOf(call, run, span), new Date(), { status, failureClass, errorMessage })
    return why
  }

  /** The row of a call that waited for its person. The wait does not count as work. */
  static resume(
    call: RecordedCall,
    run: CallingRun,
    { rowId, workedMs }: { rowId: string; workedMs: number },
  ): CallRow {
    return new CallRow(rowId, run.userId, hiddenFields(call), workedMs)
  }

  /** How long (ms) the call has been worked on. */
  get workedMs(): number {
    return Math.round(performance.now() - this.#startedAt)
  }

  /**
   * Settles the row. `sources` is where content of the result comes from that others may have
   * written. Never throws.
   */
  async settle({ result, failure, times }: Attempt, sources: string[] = []): Promise<void> {
    const outcome: ToolCallOutcome = {
      ...(failure
        ? { status: failure.status, failureClass: failure.class, errorMessage: failure.sentence }
        : { status: 'succeeded' }),
      ...{ result: toRecordedResult(result), stored: kept(result), hidden: this.#hidden, sources, ...times },
      durationMs: this.workedMs,
    }
    await settleToolCall({ id: this.id, ownerId: this.#ownerId }, outcome)
  }
}

function hiddenFields({ policy, listed }: Pick<RecordedCall, 'policy' | 'listed'>): string[] {
  return [...policy.hidden, ...findSensitiveNames(listed?.inputSchema), ...findSensitiveNames(listed?.outputSchema)]
}

function rowOf(call: RecordedCall, run: CallingRun, span: TraceContext) {
  const { server, tool, args, filledIn, callId } = call
  const hidden = hiddenFields(call)
  const { id: runId, threadId, turnId, userId: ownerId, repeats } = run
  const origin = repeats
    ? ({ via: 'repeat', repeatOf: repeats.callId, repeatedBy: repeats.by } as const)
    : ({ via: 'chat', runId, turnId, callId } as const)
  const asking = repeats ? undefined : run.findModel?.()
  return {
    ownerId,
    server,
    tool,
    ...(asking && { model: asking.model, provider: asking.provider.name }),
    threadId: threadId || undefined,
    ...origin,
    ...span,
    assistantVersionId: repeats ? undefined : run.findAssistantVersion?.(),
    arguments: args,
    filledIn,
    hidden,
  }
}
