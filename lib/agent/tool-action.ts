import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { whyAsk } from '#lib/agent/approval-rules.ts'
import type { KeptToolCall } from '#lib/agent/open-calls.ts'
import { outputText } from '#lib/agent/tool-tasks.ts'
import type { AgentEdges, AgentRun } from '#lib/agent/work.ts'
import type { Caller } from '#lib/auth/caller.ts'
import { CustomStreamError } from '#lib/chatkit/errors.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import type { Act } from '#lib/chatkit/respond.ts'
import { listAgreed } from '#lib/data/approvals.ts'
import { listPolicies } from '#lib/data/policies.ts'
import { newId } from '#lib/ids.ts'
import type { CallFacts } from '#lib/mcp-client/connection.ts'
import { openMcp } from '#lib/mcp-client/open.ts'

/** The action of a result's widget that calls a tool of the same server. */
export const TOOL_ACTION = 'tool.call'

const Payload = z.object({ server: z.string(), tool: z.string(), arguments: z.record(z.string(), z.unknown()).default({}) })

/**
 * Calls the tool that a widget's control names, as this person, under the same policy and ledger as any call. A node in the
 * answer takes the place of the widget's node of the same key. Throws a CustomStreamError with a sentence where it cannot be done.
 */
export async function* callFromWidget(
  { thread, action, sender, store, signal }: Parameters<Act>[0],
  { caller, run }: { caller: Caller; run: AgentRun },
  { builtinFetch }: AgentEdges,
): AsyncGenerator<ThreadStreamEvent> {
  const payload = Payload.safeParse(action.payload)
  // Only what a server offered in this very widget is called, never what a page made up.
  if (!payload.success || !sender || !offers(sender.widget, action.payload))
    throw new CustomStreamError('This control does nothing any more.')
  const { server, tool, arguments: args } = payload.data
  const callId = newId('call')
  const [policies, agreed] = await Promise.all([listPolicies(caller), listAgreed(caller, thread.id)])
  const mcp = await openMcp(
    { id: run.id, threadId: run.threadId, userId: caller.userId, callIdOf: () => callId },
    { policies, builtinFetch, signal },
  )
  try {
    const connection = mcp.connections.find((candidate) => candidate.server.name === server)
    const offered = connection?.offeredRaw(tool)
    if (!connection || !offered) throw new CustomStreamError('The tool behind this control is not available just now.', true)
    if (whyAsk({ connection, ...offered }, args, { agreed, earlier: [] }))
      throw new CustomStreamError(`You have to agree to this call: write \`/${offered.name} ${JSON.stringify(args)}\`.`)
    const result = await connection.callToolResult(offered.name, args, null, { signal })
    const facts = (result._meta as { 'switchboard/call'?: CallFacts } | undefined)?.['switchboard/call']
    const kept: KeptToolCall = {
      ...{ kind: 'tool_call', call_id: callId, name: offered.name, arguments: JSON.stringify(args) },
      output: outputText(result.content),
    }
    const item = { id: store.newItemId('hidden_context'), thread_id: thread.id, created_at: new Date().toISOString() }
    yield { type: 'thread.item.done', item: { ...item, type: 'hidden_context_item', content: kept } }
    if (facts?.failure) throw new CustomStreamError(facts.failure.sentence, true)
    const { widget } = facts ?? {}
    if (widget) yield { type: 'thread.item.replaced', item: { ...sender, widget: replaced(sender.widget, widget) } }
  } finally {
    await mcp.close()
  }
}

function offers(node: WidgetNode, payload: unknown): boolean {
  for (const value of Object.values(node)) {
    const { type, payload: own } = (value ?? {}) as { type?: unknown; payload?: unknown }
    if (type === TOOL_ACTION && isDeepStrictEqual(own, payload)) return true
  }
  return childrenOf(node).some((child) => offers(child, payload))
}

function replaced(node: WidgetNode, by: WidgetNode): WidgetNode {
  if (by.key !== undefined && node.key === by.key) return by
  return node.children ? { ...node, children: childrenOf(node).map((child) => replaced(child, by)) } : node
}

function childrenOf({ children }: WidgetNode): WidgetNode[] {
  return [children ?? []].flat() as WidgetNode[]
}
