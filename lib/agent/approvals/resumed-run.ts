import { expireChangedApprovals } from '#lib/agent/approvals/close-approvals.ts'
import type { KeptToolCall } from '#lib/agent/stream/open-calls.ts'
import type { ToolCall } from '#lib/agent/stream/tool-tasks.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem, WorkflowItem } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import type { Approval } from '#lib/data/runs/approvals/approvals.ts'
import { hashDefinition, type ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import type { ToolConnection } from '#lib/mcp-client/connection/tool-connection.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'

/** A parked run that is resumed: its state, what was asked and what was decided. */
export class ResumedRun {
  readonly state: string
  /** The runs that led here. The last one is the run that was parked. */
  readonly runs: readonly string[]
  /** The calls that were asked about, with the ids of the items that keep them. */
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

  /** Whether the person approved a call; undefined for a call that was not asked about. */
  isApproved(callId: string): boolean | undefined {
    const approval = this.#approvals.find((asked) => asked.callId === callId)
    return approval && approval.status === 'approved'
  }

  /**
   * True if the run can go on: every tool is still offered, because the SDK restores no call of
   * another, every approved one has the definition that the person was asked about, and `mayUse`
   * lets the assistant have it.
   */
  fits(connections: ToolConnection[], mayUse: (server: string, tool: string) => boolean): boolean {
    return this.#approvals.every(({ status, server, tool, toolHash: hash }) => {
      if (!mayUse(server, tool)) return false
      const connection = connections.find((candidate) => candidate.server.name === server)
      const listed = connection?.listed(tool)
      return listed !== undefined && (status !== 'approved' || hashDefinition(listed as ToolDefinition) === hash)
    })
  }

  /** The workflow that has the lines of the calls. */
  workflowOf(items: ThreadItem[]): WorkflowItem | undefined {
    const ids = new Set([...this.#kept.values()].map((kept) => kept.workflow_id))
    return items.find((item): item is WorkflowItem => item.type === 'workflow' && ids.has(item.id))
  }

  /** Closes the run because a tool changed or is gone since the person was asked. Nothing is called. */
  expire(): AsyncGenerator<ThreadStreamEvent> {
    return expireChangedApprovals(this.#caller, this.#store, this.#approvals)
  }
}
