import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { findApprovalReason, type OfferedTool } from '#lib/agent/approvals/approval-rules.ts'
import { DECLINED, expireChangedApprovals, recordCallNotMade } from '#lib/agent/approvals/close-approvals.ts'
import { makeDescribeCalls } from '#lib/agent/approvals/describe-calls.ts'
import { findReadingProblem } from '#lib/agent/approvals/find-reading-problem.ts'
import { parkWidgetCall, toKeptCallItem, type WidgetCall } from '#lib/agent/approvals/park-run.ts'
import { listRecentItems } from '#lib/agent/input/recent-items.ts'
import type { ItemContext } from '#lib/agent/stream/item-context.ts'
import { findResultWidgetServer, listChildren, toFilesItem, updateWidgets } from '#lib/agent/stream/result-widgets.ts'
import { toOutputText } from '#lib/agent/stream/tool-tasks.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { CustomStreamError } from '#lib/chatkit/server/stream-errors.ts'
import type { Act } from '#lib/chatkit/server/turn.ts'
import { listSwitchedOff } from '#lib/data/chat/switched-off-tools.ts'
import type { Approval } from '#lib/data/runs/approvals/approvals.ts'
import { listApprovedForThread } from '#lib/data/runs/approvals/approved-calls.ts'
import { listTakenCalls } from '#lib/data/runs/earlier-tool-calls.ts'
import { listPolicies } from '#lib/data/servers/policies.ts'
import { hashDefinition, type ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import { readCallFacts } from '#lib/mcp-client/calls/call-facts.ts'
import { withCallId } from '#lib/mcp-client/calls/call-id.ts'
import { openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { ResultFiles } from '#lib/mcp-client/files/result-files.ts'
import { newId } from '#lib/platform/ids.ts'

/** The action with which the widget of a tool's result calls a tool of the same server. */
export const TOOL_ACTION = 'tool.call'

const Payload = z.object({
  server: z.string(),
  tool: z.string(),
  arguments: z.record(z.string(), z.unknown()).default({}),
})

type Here = Omit<Parameters<Act>[0], 'action' | 'sender'>

/**
 * Calls the tool that a widget's control names, as this person, under the same policy and ledger as
 * any call. If the call needs approval, a card asks first. A node in the answer replaces the nodes
 * with its key, in this widget and in the server's other widgets. Throws a CustomStreamError with a
 * public sentence if the call cannot be made.
 */
export async function* callFromWidget(
  { action, sender, ...here }: Parameters<Act>[0],
  context: TurnContext,
): AsyncGenerator<ThreadStreamEvent> {
  const payload = Payload.safeParse(action.payload)
  // Only a call that the server put into this very widget is made: never one that a page made up,
  // never one to another server.
  const own = payload.success && sender && findResultWidgetServer(sender) === payload.data.server
  if (!own || !offersAction(sender.widget, action.payload))
    throw new CustomStreamError('This button no longer works. Ask again.')
  const call: WidgetCall = { ...payload.data, item: sender.id }
  yield* withTool(call, here, context, {}, async function* (offered) {
    if (!offered)
      throw new CustomStreamError('The tool behind this button is not available. Try again in a moment.', true)
    const { caller, run } = context
    const threadId = here.thread.id
    const approved = await listApprovedForThread(caller, threadId)
    // The person sees what this control did before, but not what was done where they have left.
    const taken = await listTakenCalls(caller, threadId, { own: [run.id], isAll: false })
    const reason = findApprovalReason(offered, call.arguments, { approved, earlier: [], taken })
    if (!reason) return yield* makeCall(call, offered, here)
    const unreadable = findReadingProblem(call.arguments)
    if (unreadable) throw new CustomStreamError(`This call needs your approval, and ${unreadable}.`)
    const describe = makeDescribeCalls(context, here.signal)
    yield* parkWidgetCall(
      { ...here, run: { id: run.id, ownerId: caller.userId }, describe },
      { ...offered, reason },
      call,
    )
    // Resets the control to the stored value.
    yield { type: 'thread.item.replaced', item: sender }
    run.wait()
  })
}

/** Resumes a widget's call after the person's decision: makes it, or says why it is not made. */
export async function* resumeWidgetCall(
  approval: Approval,
  call: WidgetCall,
  here: Here,
  context: TurnContext,
): AsyncGenerator<ThreadStreamEvent> {
  const { caller } = context
  if (approval.status !== 'approved')
    return yield* recordCallNotMade(caller, here.store, approval, DECLINED, 'declined')
  yield* withTool(call, here, context, { callId: approval.callId, relist: true }, async function* (offered) {
    if (offered && hashDefinition(offered.tool as ToolDefinition) === approval.toolHash)
      return yield* makeCall(call, offered, here, approval.keptId)
    yield* expireChangedApprovals(caller, here.store, [approval])
  })
}

type Offered = OfferedTool & { name: string; callId: string; arguments: Record<string, unknown> }

/**
 * Opens the person's servers for one call and runs `work` with the tool; undefined if the tool is
 * not offered to them now.
 */
async function* withTool(
  call: WidgetCall,
  { signal }: Here,
  { caller, run, builtinFetch }: TurnContext,
  { callId = newId('call'), relist = false },
  work: (offered: Offered | undefined) => AsyncGenerator<ThreadStreamEvent>,
): AsyncGenerator<ThreadStreamEvent> {
  const [policies, off] = await Promise.all([listPolicies(caller), listSwitchedOff(caller, run.threadId)])
  const mcp = await openMcp(
    {
      ...{ id: run.id, threadId: run.threadId, userId: caller.userId },
      keepFiles: new ResultFiles(caller, run.threadId, signal).keep,
    },
    { policies, off, builtinFetch, signal, relist },
  )
  try {
    const connection = mcp.connections.find(({ server }) => server.name === call.server)
    const offered = connection?.offeredRaw(call.tool)
    yield* work(connection && offered && { connection, ...offered, callId, arguments: call.arguments })
  } finally {
    await mcp.close()
  }
}

async function* makeCall(
  call: WidgetCall,
  offered: Offered,
  { thread, store, signal }: Here,
  keptId = store.newItemId('hidden_context'),
): AsyncGenerator<ThreadStreamEvent> {
  const result = await withCallId(offered.callId, () =>
    offered.connection.callToolResult(offered.name, call.arguments, null, { signal }),
  )
  const facts = readCallFacts(result._meta)
  const making: ItemContext = { threadId: thread.id, newItemId: (kind) => store.newItemId(kind), now: () => new Date() }
  yield { type: 'thread.item.done', item: toKeptCallItem(thread, keptId, offered, toOutputText(result.content)) }
  if (facts?.files) yield { type: 'thread.item.done', item: toFilesItem(making, facts.server, facts.files) }
  if (facts?.failure) throw new CustomStreamError(facts.failure.sentence, true)
  if (!facts?.widget) return
  const { server, widget } = facts
  for (const item of updateWidgets(await listRecentItems(store, thread.id), { server, widget }))
    yield { type: 'thread.item.replaced', item }
}

function offersAction(node: WidgetNode, payload: unknown): boolean {
  for (const value of Object.values(node)) {
    const { type, payload: own } = (value ?? {}) as { type?: unknown; payload?: unknown }
    if (type === TOOL_ACTION && isDeepStrictEqual(own, payload)) return true
  }
  return listChildren(node).some((child) => offersAction(child, payload))
}
