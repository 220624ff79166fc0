import { type ToolCallFilter, toCallConditions } from '#lib/data/runs/lists/call-conditions.ts'
import { toListOrder, toStorableFilter } from '#lib/data/runs/lists/list-order.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { ToolCallStatus } from '#lib/generated/prisma/enums.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { runStatementAs, runSystemStatement, type Tx, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { notFound } from '#lib/platform/errors.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'
import { type Page, toPage } from '#lib/platform/page.ts'

// Reads the ledger; lib/data/runs/ledger.ts writes it.

/**
 * Why a tool call did not succeed. The ledger, the log, the metric, the chat line and the model all
 * get the same word.
 */
export const FAILURE_CLASSES = [
  'refused',
  'dns',
  'tls',
  'connect_timeout',
  'unauthorised',
  'forbidden',
  'too_large',
  'overloaded',
  'protocol_error',
  'server_error',
  'input_required',
  'session_lost',
  'idle_timeout',
  'hard_timeout',
  'transport_lost',
  'tool_error',
  'bad_arguments',
  'cancelled',
  'denied',
  'declined',
  'replica_died',
  'outcome_unknown',
] as const
export type FailureClass = (typeof FAILURE_CLASSES)[number]

export type { ToolCallStatus }

/**
 * Whose calls to read: everybody's (after the caller checked the admin role), or one person's own.
 */
export type ToolCallScope = { admin: true } | { caller: Caller }

const ROW = {
  id: true,
  ownerId: true,
  owner: { select: { name: true, email: true } },
  via: true,
  threadId: true,
  runId: true,
  callId: true,
  tokenId: true,
  clientName: true,
  clientVersion: true,
  requestId: true,
  server: true,
  tool: true,
  model: true,
  status: true,
  failureClass: true,
  errorMessage: true,
  startedAt: true,
  finishedAt: true,
  durationMs: true,
  repeatOf: true,
} satisfies Prisma.ToolCallSelect

const DETAIL = {
  ...ROW,
  provider: true,
  traceId: true,
  spanId: true,
  turnId: true,
  repeatedBy: true,
  assistantVersionId: true,
  connectedMs: true,
  firstSignMs: true,
  arguments: true,
  filledIn: true,
  argumentsBytes: true,
  argumentsHash: true,
  result: true,
  resultBytes: true,
  task: {
    select: {
      ...{ status: true, said: true, polls: true, failures: true, pollAt: true, stopAt: true },
      ...{ createdAt: true, changedAt: true, expiresAt: true, endedAt: true },
    },
  },
} satisfies Prisma.ToolCallSelect

/** A call as lists show it, with the person's name and email. */
export type ToolCallRow = Prisma.ToolCallGetPayload<{ select: typeof ROW }>

/** A call with its arguments and result. */
export type ToolCallDetail = Prisma.ToolCallGetPayload<{ select: typeof DETAIL }>

function read<T>(scope: ToolCallScope, work: (tx: Tx, own: { ownerId?: string }) => Promise<T>): Promise<T> {
  if ('admin' in scope) return withSystem('admin', (tx) => work(tx, {}))
  return withCaller(scope.caller, (tx) => work(tx, { ownerId: scope.caller.userId }))
}

/** A call of a list with what was asked and answered, as far as it is stored. */
export type ToolCallEntry = ToolCallRow & { arguments: unknown; result: unknown }

/** How many calls fit a filter, how many of them failed or have an unknown outcome, and how long they took in all. */
export type CallTotals = { calls: number; failed: number; tookMs: number }

/** A search for words reads at most so many calls: the newest that fit the other filters. */
export const SEARCHED_CALLS = 50_000

const COLUMNS = Prisma.sql`c.id, c.owner_id AS "ownerId", json_build_object('name', u.name, 'email', u.email) AS owner, c.via,
  c.thread_id AS "threadId", c.run_id AS "runId", c.call_id AS "callId", c.token_id AS "tokenId", c.client_name AS "clientName",
  c.client_version AS "clientVersion", c.request_id AS "requestId", c.server, c.tool, c.model, c.status,
  c.failure_class AS "failureClass", c.error_message AS "errorMessage", c.started_at AS "startedAt", c.finished_at AS "finishedAt",
  c.duration_ms AS "durationMs", c.repeat_of AS "repeatOf"`
const CONTENT = Prisma.sql`, c.arguments, c.result`

function query<Row extends object>(scope: ToolCallScope, statement: Prisma.Sql): Promise<Row[]> {
  return 'admin' in scope ? runSystemStatement<Row>('admin', statement) : runStatementAs<Row>(scope.caller, statement)
}

const own = (scope: ToolCallScope) =>
  'admin' in scope ? Prisma.sql`TRUE` : Prisma.sql`c.owner_id = ${scope.caller.userId}`

/**
 * Lists calls, newest first unless `sort` says otherwise. A cursor that is not from such a list gives
 * an empty page.
 */
export function listToolCalls(scope: ToolCallScope, filter: ToolCallFilter = {}): Promise<Page<ToolCallRow>> {
  return listCallRows<ToolCallRow>(scope, filter, COLUMNS)
}

/** The same with arguments and results, for files. */
export function listToolCallEntries(scope: ToolCallScope, filter: ToolCallFilter): Promise<Page<ToolCallEntry>> {
  return listCallRows<ToolCallEntry>(scope, filter, Prisma.sql`${COLUMNS}${CONTENT}`)
}

async function listCallRows<Row extends ToolCallRow>(
  scope: ToolCallScope,
  given: ToolCallFilter,
  columns: Prisma.Sql,
): Promise<Page<Row>> {
  const filter = toStorableFilter(given)
  const limit = Math.min(Math.max(Math.trunc(filter.limit ?? 50), 1), 200)
  const order = toListOrder(
    filter.sort ?? 'newest',
    { at: Prisma.sql`c.started_at`, id: Prisma.sql`c.id`, tookMs: Prisma.sql`c.duration_ms` },
    filter.after,
  )
  const rows = await query<Row>(
    scope,
    Prisma.sql`
      SELECT ${columns} FROM tool_calls c JOIN users u ON u.id = c.owner_id
      WHERE ${own(scope)} AND ${toCallConditions(filter)} AND ${order.isNext}
      ORDER BY ${order.orderBy} LIMIT ${limit + 1}`,
  )
  return toPage(rows, limit, ({ startedAt, id, durationMs }) =>
    order.cursorOf({ at: startedAt, id, tookMs: durationMs }),
  )
}

/** Counts all calls that fit a filter, whatever its page. */
export async function countToolCalls(scope: ToolCallScope, filter: ToolCallFilter): Promise<CallTotals> {
  const [row] = await query<CallTotals>(
    scope,
    Prisma.sql`
      SELECT count(*)::int AS calls, (count(*) FILTER (WHERE c.status IN ('failed', 'unknown')))::int AS failed,
        coalesce(sum(c.duration_ms), 0)::float8 AS "tookMs"
      FROM tool_calls c WHERE ${own(scope)} AND ${toCallConditions(toStorableFilter(filter))}`,
  )
  return row ?? { calls: 0, failed: 0, tookMs: 0 }
}

/**
 * The filter with a start for a search in words: no index finds words under row-level security, so it
 * reads the newest SEARCHED_CALLS that fit the other filters. `isCut` is true if there are older ones.
 */
export async function limitSearch(
  scope: ToolCallScope,
  filter: ToolCallFilter,
): Promise<{ filter: ToolCallFilter; isCut: boolean }> {
  if (!filter.search) return { filter, isCut: false }
  const rest = toStorableFilter({ ...filter, search: undefined })
  const [oldest] = await query<{ at: Date }>(
    scope,
    Prisma.sql`
      SELECT c.started_at AS at FROM tool_calls c WHERE ${own(scope)} AND ${toCallConditions(rest)}
      ORDER BY c.started_at DESC, c.id DESC OFFSET ${SEARCHED_CALLS} LIMIT 1`,
  )
  return oldest ? { filter: { ...filter, since: oldest.at }, isCut: true } : { filter, isCut: false }
}

/** One call with arguments and result. Throws not_found if the call is outside the scope. */
export async function findToolCall(scope: ToolCallScope, id: string): Promise<ToolCallDetail> {
  const call = await read(scope, (tx, own) => tx.toolCall.findFirst({ where: { id, ...own }, select: DETAIL }))
  if (!call) throw notFound('This tool call')
  return call
}

/**
 * The newest attempt of a call that one of the caller's runs made, by the model's id of the call.
 * Throws not_found.
 */
export async function findCallOfRun(
  caller: { userId: string },
  { runId, callId }: { runId: string; callId: string },
): Promise<ToolCallDetail> {
  const where = { ownerId: caller.userId, runId: toStorableText(runId), callId: toStorableText(callId) }
  const call = await withCaller(caller, (tx) =>
    tx.toolCall.findFirst({ where, orderBy: [{ startedAt: 'desc' }, { id: 'desc' }], select: DETAIL }),
  )
  if (!call) throw notFound('This tool call')
  return call
}

/** The calls that repeated this one, newest first, 20 at most. */
export async function listRepeats(scope: ToolCallScope, id: string): Promise<ToolCallRow[]> {
  return read(scope, (tx, own) =>
    tx.toolCall.findMany({
      where: { repeatOf: id, ...own },
      orderBy: [{ startedAt: 'desc' }, { id: 'desc' }],
      take: 20,
      select: ROW,
    }),
  )
}
