import { DECLINED, expireChangedApprovals } from '#lib/agent/approvals/close-approvals.ts'
import type { KeptToolCall } from '#lib/agent/stream/open-calls.ts'
import type { ToolCall } from '#lib/agent/stream/tool-tasks.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem, WorkflowItem } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import type { Approval } from '#lib/data/runs/approvals.ts'
import { definitionHash, type ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import type { CallRefusal } from '#lib/mcp-client/calls/calling-run.ts'
import type { ToolConnection } from '#lib/mcp-client/connection/tool-connection.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'

/** A run that waited for a person and goes on: its sealed state, what was asked and what was answered. */
export class ResumedRun {
  readonly state: string
  /** The runs that led here, the one that waited last. */
  readonly runs: readonly string[]
  /** What was asked about, under the ids by which it is kept. */
  readonly calls: readonly (ToolCall & { keptId: string })[]
  readonly #caller: Caller
  readonly #store: Store
  readonly #approvals: Approval[]
  readonly #kept: ReadonlyMap<string, KeptToolCall>

  constructor(
    { caller, store, state, runs }: { caller: Caller; store: Store; state: string; runs: readonly string[] },
    asked: { approval: Approval; kept: KeptToolCall }[],
  ) {
    this.state = state
    this.runs = runs
    this.#caller = caller
    this.#store = store
    this.#approvals = asked.map(({ approval }) => approval)
    this.#kept = new Map(asked.map(({ approval, kept }) => [approval.id, kept]))
    this.calls = asked.map(({ approval, kept }) => {
      const { name, arguments: args, echo } = kept
      return {
        callId: approval.callId,
        name,
        arguments: args,
        keptId: approval.keptId,
        ...(echo !== undefined && { echo }),
      }
    })
  }

  /** The calls to which the person said no, each with what is said of it. */
  get refused(): [callId: string, refusal: CallRefusal][] {
    const refusal = { sentence: DECLINED, declined: true }
    return this.#approvals.filter(({ status }) => status !== 'approved').map(({ callId }) => [callId, refusal])
  }

  /** True where each tool that was agreed to is still the same. */
  fits(connections: ToolConnection[]): boolean {
    return this.#approvals.every(({ status, server, tool, toolHash: hash }) => {
      if (status !== 'approved') return true
      const connection = connections.find((candidate) => candidate.server.name === server)
      const listed = connection?.listed(tool)
      return listed !== undefined && definitionHash(listed as ToolDefinition) === hash
    })
  }

  /** The workflow in which the calls have their lines. */
  workflowOf(items: ThreadItem[]): WorkflowItem | undefined {
    const ids = new Set([...this.#kept.values()].map((kept) => kept.workflow_id))
    return items.find((item): item is WorkflowItem => item.type === 'workflow' && ids.has(item.id))
  }

  /** The tools are not those any more to which the person agreed: nothing is called. */
  expire(): AsyncGenerator<ThreadStreamEvent> {
    return expireChangedApprovals(this.#caller, this.#store, this.#approvals)
  }
}
