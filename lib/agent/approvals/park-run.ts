import type { RunToolApprovalItem } from '@openai/agents'
import { makeApprovalCard } from '#lib/agent/approvals/approval-card.ts'
import type { ApprovalReason, OfferedTool } from '#lib/agent/approvals/approval-rules.ts'
import type { CallSaying } from '#lib/agent/approvals/call-saying.ts'
import { type ContentSource, describeConcerns } from '#lib/agent/approvals/untrusted-content.ts'
import { type KeptToolCall, NOT_YET } from '#lib/agent/stream/open-calls.ts'
import type { TurnEvents } from '#lib/agent/stream/turn-events.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { HiddenContextItem, WidgetItem } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import { type NewApproval, storeParkedRun } from '#lib/data/runs/approvals/approvals.ts'
import { hashArguments } from '#lib/data/runs/ledger.ts'
import { hashDefinition, type ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import { removeBoundArguments } from '#lib/mcp-client/tools/bound-arguments.ts'
import { seal, unseal } from '#lib/platform/crypto/seal.ts'
import { AppError } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { toVisibleJson, toVisibleText } from '#lib/platform/text/visible-text.ts'

/** The largest agent state (characters) that is kept while a run is parked, for a day at most. */
const STATE_MAX_CHARS = 4_000_000

/** A call that waits for a person's approval. */
export type PendingCall = OfferedTool & {
  callId: string
  name: string
  arguments: unknown
  reason: ApprovalReason
  /** The content of the conversation that may have led to the call. */
  concerns?: ContentSource[]
}

/** Says what calls will do, by their ids. A call that nothing is known of is left out. Never throws. */
export type DescribeCalls = (calls: PendingCall[]) => Promise<ReadonlyMap<string, CallSaying>>

type Pausing = {
  thread: Thread
  store: Store
  /** `runs` are the earlier runs that this one continues. */
  run: { id: string; ownerId: string; runs: readonly string[] }
  events: TurnEvents
  state: { toString: () => string }
  interruptions: RunToolApprovalItem[]
  pending: ReadonlyMap<string, PendingCall>
  /** Says what these calls will do. */
  describe: DescribeCalls
}

/**
 * Ends a turn whose calls wait for approval: stores the state first, then shows the cards. Throws
 * too_large if the state has more than 4,000,000 characters.
 */
export async function* parkRun({
  thread,
  store,
  run,
  events,
  state,
  interruptions,
  pending,
  describe,
}: Pausing): AsyncGenerator<ThreadStreamEvent> {
  const asked = interruptions.flatMap(({ rawItem }) => {
    const call = 'callId' in rawItem ? pending.get(rawItem.callId) : undefined
    if (!call) return []
    return [{ ...newIds(store), call }]
  })
  const sayings = await describe(asked.map(({ call }) => call))
  for (const { call, keptId } of asked) yield* events.pause(call.callId, keptId)
  yield* events.end()
  const sealed = await sealState(run, { state: state.toString() })
  await storeParkedRun({ id: run.id, ownerId: run.ownerId, threadId: thread.id }, sealed, asked.map(toQuestion))
  for (const question of asked) yield { type: 'thread.item.done', item: cardOf(thread, question, sayings) }
}

/** A call that a widget's control asks for. */
export type WidgetCall = {
  server: string
  tool: string
  arguments: Record<string, unknown>
  /** The id of the widget's item. */
  item: string
}

/**
 * Ends an action whose one call waits for approval. The call itself goes into the sealed state,
 * because no agent took part in it.
 */
export async function* parkWidgetCall(
  {
    thread,
    store,
    run,
    describe,
  }: { thread: Thread; store: Store; run: { id: string; ownerId: string }; describe: DescribeCalls },
  held: PendingCall,
  call: WidgetCall,
): AsyncGenerator<ThreadStreamEvent> {
  const asked: Asked = { ...newIds(store), call: held }
  const sayings = await describe([held])
  yield { type: 'thread.item.done', item: toKeptCallItem(thread, asked.keptId, held, NOT_YET) }
  const sealed = await sealState({ ...run, runs: [] }, { call })
  await storeParkedRun({ ...run, threadId: thread.id }, sealed, [toQuestion(asked)])
  yield { type: 'thread.item.done', item: cardOf(thread, asked, sayings) }
}

/** The hidden item that tells the model of later turns about a call that no agent made. */
export function toKeptCallItem(
  thread: Thread,
  id: string,
  { callId, name, arguments: args }: Pick<PendingCall, 'callId' | 'name' | 'arguments'>,
  output: string,
): HiddenContextItem {
  const content: KeptToolCall = { kind: 'tool_call', call_id: callId, name, arguments: JSON.stringify(args), output }
  return { id, thread_id: thread.id, created_at: new Date().toISOString(), type: 'hidden_context_item', content }
}

type Asked = { id: string; itemId: string; keptId: string; call: PendingCall }

function newIds(store: Store): Omit<Asked, 'call'> {
  return { id: newId('apr'), itemId: store.newItemId('message'), keptId: store.newItemId('hidden_context') }
}

function toQuestion({ call, ...ids }: Asked): NewApproval {
  const { connection, tool, callId } = call
  return {
    ...ids,
    callId,
    server: connection.server.name,
    tool: tool.name,
    toolHash: hashDefinition(tool as ToolDefinition),
    argumentsHash: hashArguments(removeBoundArguments(call.arguments as Record<string, unknown>, connection.server)),
  }
}

function cardOf(thread: Thread, { id, itemId, call }: Asked, sayings: ReadonlyMap<string, CallSaying>): WidgetItem {
  const { connection, tool, reason, concerns = [] } = call
  // What the model gives for parameters that the session fills in is not sent, so it is not shown.
  const args = removeBoundArguments(call.arguments as Record<string, unknown>, connection.server)
  const remember = reason === 'destructive' || reason === 'unannotated' || reason === 'untrusted'
  const filledIn = connection.filledIn(tool.name)
  const widget = makeApprovalCard({
    id,
    server: connection.server.name,
    tool: tool.name,
    arguments: args,
    filledIn,
    reason,
    saying: sayings.get(call.callId),
    ...(concerns.length > 0 && { warning: describeConcerns(concerns) }),
    remember,
  })
  const copy_text = `${toVisibleText(tool.name)} ${toVisibleJson(args)}`
  return { id: itemId, thread_id: thread.id, created_at: new Date().toISOString(), type: 'widget', widget, copy_text }
}

/** What is resumed after the decision: the state of an agent, or the one call of a widget. */
type Rest = { state: string } | { call: WidgetCall }
type Sealed = { runs: string[]; owner: string } & Rest

function sealState({ id, ownerId, runs }: Pausing['run'], rest: Rest): Promise<string> {
  if ('state' in rest && rest.state.length > STATE_MAX_CHARS)
    throw new AppError('too_large', 'This conversation has grown too long to wait for your answer. Start a new chat.')
  return seal(JSON.stringify({ runs: [...runs, id], owner: ownerId, ...rest } satisfies Sealed), 'paused runs')
}

/**
 * The state of exactly this run of this person, with the runs that led to it. Null if it cannot be
 * unsealed any more, or belongs to another run or person.
 */
export async function unsealState(
  sealed: string,
  run: { id: string; ownerId: string },
): Promise<({ runs: readonly string[] } & Rest) | null> {
  const text = await unseal(sealed, 'paused runs')
  if (text === null) return null
  const { owner, ...open } = JSON.parse(text) as Sealed
  return open.runs.at(-1) === run.id && owner === run.ownerId ? open : null
}
