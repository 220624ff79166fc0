import type { NumberedEvent, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Operation, Params } from '#lib/chatkit/protocol/requests.ts'
import type { Deps, LiveTurn, PreparedTurn } from '#lib/chatkit/server/deps.ts'
import { queries } from '#lib/chatkit/server/operations/queries.ts'
import { replayStored } from '#lib/chatkit/server/operations/replay-stored.ts'
import { turns } from '#lib/chatkit/server/operations/turn-operations.ts'
import { type Parsed, parseRequest } from '#lib/chatkit/server/parse-request.ts'
import type { Whole } from '#lib/chatkit/server/read-whole.ts'
import { AppError } from '#lib/platform/errors.ts'

export type Answer<Context> =
  | { kind: 'json'; data: unknown }
  /** Events of an existing turn. `resume`: the client wants them with their numbers. */
  | { kind: 'attached'; resume: boolean; runId?: string; events: LiveTurn['events']; whole?: Whole }
  | ({ kind: 'turn'; operation: Operation; requestId?: string; resume: boolean; whole?: Whole } & PreparedTurn<Context>)

/**
 * Answers one ChatKit request (protocol section 1). Every refusal happens here, before anything is
 * stored. Throws AppError: bad_request with the field's name; not_found, the same for missing and
 * for another person's; conflict for a wrong state; too_large.
 */
export async function processChatKit<Context = void>(body: unknown, deps: Deps<Context>): Promise<Answer<Context>> {
  const request = parseRequest(body)
  const { actSync, takesSync = () => true } = deps
  if (
    isTurn(request) &&
    !(request.type === 'threads.sync_custom_action' && actSync && takesSync(request.params.action))
  )
    return answerTurn(request, deps)
  if (request.type === 'threads.attach')
    return { kind: 'attached', resume: request.resume, ...(await attach(request.params, deps)) }
  const answer = queries[request.type] as (
    given: typeof request.params,
    to: Deps<Context>,
    requestId?: string,
  ) => Promise<unknown>
  return { kind: 'json', data: await answer(request.params, deps, request.requestId) }
}

/** Prepares a turn, or finds the one that this request began when it was sent before. */
async function answerTurn<Context>(
  { type: operation, params, requestId, resume }: TurnRequest,
  deps: Deps<Context>,
): Promise<Answer<Context>> {
  const prepare = turns[operation] as (
    given: typeof params,
    to: Deps<Context>,
    requestId?: string,
  ) => Promise<PreparedTurn<Context>>
  const prepared = prepare(params, deps, requestId)
  // Runs beside the lookup. A repeated request is answered even if its checks now fail, so this
  // rejection must not count as unhandled.
  prepared.catch(() => undefined)
  const repeated = requestId ? await deps.turns?.findRepeated(requestId) : null
  const isSync = operation === 'threads.sync_custom_action'
  const whole: Whole | undefined = isSync ? (all) => updatedItem(all, params.item_id) : undefined
  if (!repeated) return { kind: 'turn', operation, requestId, resume, whole, ...(await prepared) }
  const { runId, threadId, events } = repeated
  return { kind: 'attached', resume, runId, whole, events: events ?? (await replayStored(deps.store, threadId)) }
}

/** The widget after a synchronous action, as the operation's JSON answer. */
function updatedItem(events: ThreadStreamEvent[], itemId: string | null | undefined): { updated_item?: ThreadItem } {
  const error = events.find((event) => event.type === 'error')
  if (error) throw new AppError('conflict', error.message ?? 'That could not be done. Try again.')
  const last = events.findLast((event) => 'item' in event && event.item.id === itemId)
  return last && 'item' in last ? { updated_item: last.item } : {}
}

type TurnRequest = Extract<Parsed, { type: keyof typeof turns }>

function isTurn(request: Parsed): request is TurnRequest {
  return Object.hasOwn(turns, request.type)
}

async function attach<Context>(
  { thread_id, run_id, after, wait }: Params<'threads.attach'>,
  { store, turns: live }: Deps<Context>,
): Promise<Pick<LiveTurn, 'events'> & { runId?: string }> {
  await store.loadThread(thread_id)
  return (
    (await live?.attach(thread_id, {
      runId: run_id ?? undefined,
      after: after ?? undefined,
      ...(wait && { wait }),
    })) ?? { events: nothing() }
  )
}

// biome-ignore lint/correctness/useYield: an empty stream
async function* nothing(): AsyncGenerator<NumberedEvent, boolean> {
  return true
}
