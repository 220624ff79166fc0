import type { RunToolApprovalItem } from '@openai/agents'
import { askingCard } from '#lib/agent/approval-card.ts'
import type { AskReason, OfferedTool } from '#lib/agent/approval-rules.ts'
import type { TurnEvents } from '#lib/agent/events.ts'
import { seal, unseal } from '#lib/auth/seal.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import type { Store } from '#lib/chatkit/store.ts'
import { storePause } from '#lib/data/approvals.ts'
import { definitionHash, type ToolDefinition } from '#lib/data/tool-pins.ts'
import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/ids.ts'

/** The most (characters) of an agent's state that is kept for a day. */
const STATE_MAX_CHARS = 4_000_000

/** A call that a person is asked about. */
export type HeldCall = OfferedTool & { callId: string; name: string; arguments: unknown; reason: AskReason }

type Pausing = {
  thread: Thread
  store: Store
  /** `runs` are those that it goes on with. */
  run: { id: string; ownerId: string; runs: readonly string[] }
  events: TurnEvents
  state: { toString: () => string }
  interruptions: RunToolApprovalItem[]
  held: ReadonlyMap<string, HeldCall>
}

/**
 * Ends a turn whose calls wait for a person: the state is stored first, then the cards are shown. Throws too_large where the
 * state has grown beyond what is kept.
 */
export async function* pause({ thread, store, run, events, state, interruptions, held }: Pausing): AsyncGenerator<ThreadStreamEvent> {
  const asked = interruptions.flatMap(({ rawItem }) => {
    const call = 'callId' in rawItem ? held.get(rawItem.callId) : undefined
    if (!call) return []
    const ids = { id: newId('apr'), itemId: store.newItemId('message'), keptId: store.newItemId('hidden_context') }
    return [{ ...ids, call }]
  })
  for (const { call, keptId } of asked) yield* events.pause(call.callId, keptId)
  yield* events.end()
  const questions = asked.map(({ call, ...ids }) => {
    const { connection, tool, callId } = call
    return { ...ids, callId, server: connection.server.name, tool: tool.name, toolHash: definitionHash(tool as ToolDefinition) }
  })
  await storePause({ id: run.id, ownerId: run.ownerId, threadId: thread.id }, await sealState(run, state.toString()), questions)
  for (const { id, itemId, call } of asked) {
    const { connection, tool, arguments: args, reason } = call
    const remember = reason === 'destructive'
    const widget = askingCard({ id, server: connection.server.name, tool: tool.name, arguments: args, reason, remember })
    const copy_text = `${tool.name} ${JSON.stringify(args)}`
    const item = { id: itemId, thread_id: thread.id, created_at: new Date().toISOString(), type: 'widget', widget, copy_text } as const
    yield { type: 'thread.item.done', item }
  }
}

type Sealed = { runs: string[]; owner: string; state: string }

function sealState({ id, ownerId, runs }: Pausing['run'], state: string): Promise<string> {
  if (state.length > STATE_MAX_CHARS)
    throw new AppError('too_large', 'This conversation has grown too long to wait for your answer. Start a new chat.')
  return seal(JSON.stringify({ runs: [...runs, id], owner: ownerId, state } satisfies Sealed), 'paused runs')
}

/** The state of exactly this run of this person, with the runs that led to it; null where nobody can read it any more. */
export async function unsealState(
  sealed: string,
  run: { id: string; ownerId: string },
): Promise<{ state: string; runs: readonly string[] } | null> {
  const text = await unseal(sealed, 'paused runs')
  if (text === null) return null
  const { runs, owner, state } = JSON.parse(text) as Sealed
  return runs.at(-1) === run.id && owner === run.ownerId ? { state, runs } : null
}
