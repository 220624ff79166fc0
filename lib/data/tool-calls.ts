import { createHmac } from 'node:crypto'
import type { Caller } from '#lib/auth/caller.ts'
import { deriveKey } from '#lib/auth/keys.ts'
import { statementAs, type Tx, withCaller, withSystem } from '#lib/db.ts'
import { notFound } from '#lib/errors.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { newId } from '#lib/ids.ts'
import { currentRequestId } from '#lib/log.ts'
import { type Page, toPage } from '#lib/page.ts'
import { clipJson, redactText } from '#lib/redact.ts'
import { storableText } from '#lib/storable.ts'

const ARGUMENTS_MAX_BYTES = 16_384
const RESULT_MAX_BYTES = 32_768
const MESSAGE_MAX_CHARS = 500
const FACET_MAX = 200
// A call may be settled a little after its run; one without a run lasts minutes at most.
const SETTLE_GRACE_MS = 30_000
const ORPHAN_MS = 10 * 60_000

/** Why a tool call did not succeed: the same word in the ledger, the log, the chat line and what the model is told. */
export type FailureClass =
  | 'refused'
  | 'dns'
  | 'tls'
  | 'connect_timeout'
  | 'unauthorised'
  | 'forbidden'
  | 'protocol_error'
  | 'session_lost'
  | 'idle_timeout'
  | 'hard_timeout'
  | 'transport_lost'
  | 'tool_error'
  | 'bad_arguments'
  | 'cancelled'
  | 'denied'
  | 'replica_died'
  | 'outcome_unknown'

export type ToolCallStatus = 'pending' | 'succeeded' | 'failed' | 'cancelled' | 'unknown'

export type NewToolCall = {
  ownerId: string
  /** chat: called by the assistant in a run. mcp: called by an outside MCP client with a token. */
  via: 'chat' | 'mcp'
  server: string
  tool: string
  arguments: unknown
  /** What may be kept of the arguments, where that is less than all; secrets by name and look are cut out of it in any case. */
  stored?: unknown
  runId?: string
  threadId?: string
  /** The person's message that the call works on. */
  turnId?: string
  traceId?: string
  spanId?: string
  /** The model's own id of the call. */
  callId?: string
  tokenId?: string
  clientName?: string
  clientVersion?: string
}

export type ToolCallOutcome = {
  status: Exclude<ToolCallStatus, 'pending'>
  result?: unknown
  /** What may be kept of the result, where that is less than all. */
  stored?: unknown
  failureClass?: FailureClass
  errorMessage?: string
}

/**
 * Writes a call into the ledger before it is sent, without secrets and clipped (16 kB), and returns the row's id. A call
 * that cannot be written must not be sent: let the error through.
 */
export function beginToolCall(call: NewToolCall): Promise<string> {
  return insert(call, new Date(), null)
}

/**
 * Writes a call that only read and is over, in one go. It must be written before its answer is given away: let the error
 * through.
 */
export async function recordToolCall(call: NewToolCall, startedAt: Date, outcome: ToolCallOutcome): Promise<void> {
  await insert(call, startedAt, outcome)
}

async function insert(call: NewToolCall, startedAt: Date, outcome: ToolCallOutcome | null): Promise<string> {
  const { value } = clipJson(call.stored ?? call.arguments ?? {}, ARGUMENTS_MAX_BYTES)
  const end = outcome && settlement(outcome)
  const id = newId('call')
  await statementAs(
    { userId: call.ownerId },
    Prisma.sql`
      INSERT INTO tool_calls (id, owner_id, via, server, tool, arguments, arguments_bytes, arguments_hash, run_id, thread_id, turn_id, call_id, token_id,
        trace_id, span_id, client_name, client_version, request_id, started_at, status, result, result_bytes, failure_class, error_message, finished_at, duration_ms)
      VALUES (${id}, ${call.ownerId}, ${call.via}, ${call.server}, ${call.tool}, ${JSON.stringify(value)}::jsonb, ${bytesOf(call.arguments ?? {})},
        ${argumentsHash(call.arguments ?? {})}, ${call.runId}, ${call.threadId}, ${call.turnId}, ${call.callId}, ${call.tokenId},
        ${call.traceId}, ${call.spanId}, ${label(call.clientName, 200)}, ${label(call.clientVersion, 100)},
        ${currentRequestId()}, ${startedAt}, ${end?.status ?? 'pending'}::"ToolCallStatus", ${end?.result}::jsonb, ${end?.bytes}::int,
        ${end?.failureClass}, ${end?.message}, ${end?.at}::timestamptz, ${end && Math.max(0, end.at.getTime() - startedAt.getTime())}::int)`,
  )
  return id
}

function label(text: string | undefined, max: number): string | undefined {
  return text && storableText(text).slice(0, max)
}

/** Settles a call, once: a row that is not pending any more stays as it is. The result is redacted and clipped (32 kB). */
export async function finishToolCall(call: { id: string; ownerId: string }, outcome: ToolCallOutcome): Promise<void> {
  const { status, result, bytes, failureClass, message, at } = settlement(outcome)
  await statementAs(
    { userId: call.ownerId },
    Prisma.sql`
      UPDATE tool_calls
      SET status = ${status}::"ToolCallStatus", result = ${result}::jsonb, result_bytes = ${bytes}::int,
          failure_class = ${failureClass}, error_message = ${message}, finished_at = ${at},
          duration_ms = greatest(0, round(extract(epoch FROM ${at}::timestamptz - started_at) * 1000))::int
      WHERE id = ${call.id} AND owner_id = ${call.ownerId} AND status = 'pending'`,
  )
}

function settlement({ status, result, stored, failureClass, errorMessage }: ToolCallOutcome) {
  const clipped = result === undefined ? null : clipJson(stored ?? result, RESULT_MAX_BYTES)
  return {
    status,
    result: clipped && JSON.stringify(clipped.value),
    bytes: clipped && bytesOf(result),
    failureClass,
    message: errorMessage === undefined ? null : storableText(redactText(errorMessage)).slice(0, MESSAGE_MAX_CHARS),
    at: new Date(),
  }
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? 'null')
}

/** The same for the same arguments in any order of their keys; under a key of ours, so that nobody finds a short secret by trying. */
export function argumentsHash(args: unknown): string {
  return createHmac('sha256', deriveKey('ledger'))
    .update(JSON.stringify(sorted(args)) ?? 'null')
    .digest('base64url')
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, entry]) => [key, sorted(entry)]),
  )
}

/** A call of an earlier attempt at the same turn. `result` is redacted and clipped. */
export type EarlierCall = {
  runId: string | null
  server: string
  tool: string
  arguments: unknown
  argumentsHash: string | null
  status: ToolCallStatus
  failureClass: string | null
  errorMessage: string | null
  result: unknown
}

/** The calls that other runs than these made for a message, oldest first, 100 at most: what a new attempt to answer it has to know. */
export function listEarlierCalls(caller: { userId: string }, turnId: string, runs: string[]): Promise<EarlierCall[]> {
  return withCaller(caller, (tx) =>
    tx.toolCall.findMany({
      where: { ownerId: caller.userId, turnId, runId: { notIn: runs } },
      orderBy: [{ startedAt: 'asc' }, { id: 'asc' }],
      take: 100,
      select: {
        ...{ runId: true, server: true, tool: true, arguments: true, argumentsHash: true, status: true },
        ...{ failureClass: true, errorMessage: true, result: true },
      },
    }),
  )
}

/**
 * Settles the calls that were left pending although their run is over, or that no run can settle any more after ten minutes:
 * their process died or lost the database, and nobody knows what became of them. Those of `deadRuns`, whose process is known
 * to be gone, are settled at once. Resolves to their number.
 */
export function settleAbandonedCalls(deadRuns: string[] = []): Promise<number> {
  const message = 'The server stopped during this call; whether it took effect is unknown.'
  const now = Date.now()
  return withSystem(
    'recovery',
    (tx) => tx.$executeRaw`
      UPDATE tool_calls AS call
      SET status = 'unknown', failure_class = 'replica_died', error_message = ${message}, finished_at = ${new Date(now)}
      WHERE call.status = 'pending'
        AND (call.run_id = ANY(${deadRuns})
          OR EXISTS (SELECT FROM runs WHERE runs.id = call.run_id AND runs.finished_at < ${new Date(now - SETTLE_GRACE_MS)})
          OR (call.run_id IS NULL AND call.started_at < ${new Date(now - ORPHAN_MS)}))`,
  )
}

/** Whose calls are read: everybody's (the caller of this must have checked the admin role), or one person's own. */
export type ToolCallScope = { admin: true } | { caller: Caller }

export type ToolCallFilter = {
  status?: ToolCallStatus
  tool?: string
  server?: string
  ownerId?: string
  threadId?: string
  runId?: string
  failureClass?: string
  since?: Date
  /** The id of the last row of the page before. */
  after?: string
  /** 1 to 200; 50 where it is not given. */
  limit?: number
}

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
  status: true,
  failureClass: true,
  errorMessage: true,
  startedAt: true,
  finishedAt: true,
  durationMs: true,
} satisfies Prisma.ToolCallSelect

const DETAIL = {
  ...ROW,
  traceId: true,
  spanId: true,
  arguments: true,
  argumentsBytes: true,
  result: true,
  resultBytes: true,
} satisfies Prisma.ToolCallSelect

/** A call as lists show it, with the person's name and email. */
export type ToolCallRow = Prisma.ToolCallGetPayload<{ select: typeof ROW }>

/** A call with its arguments and result. */
export type ToolCallDetail = Prisma.ToolCallGetPayload<{ select: typeof DETAIL }>

function read<T>(scope: ToolCallScope, work: (tx: Tx, own: { ownerId?: string }) => Promise<T>): Promise<T> {
  if ('admin' in scope) return withSystem('admin', (tx) => work(tx, {}))
  return withCaller(scope.caller, (tx) => work(tx, { ownerId: scope.caller.userId }))
}

/** Calls, newest first. A cursor that names no row of the scope gives an empty page. */
export function listToolCalls(scope: ToolCallScope, filter: ToolCallFilter = {}): Promise<Page<ToolCallRow>> {
  const limit = Math.min(Math.max(Math.trunc(filter.limit ?? 50), 1), 200)
  return read(scope, async (tx, own) => {
    const cursor = filter.after
      ? await tx.toolCall.findFirst({ where: { id: filter.after, ...own }, select: { id: true, startedAt: true } })
      : undefined
    if (cursor === null) return { data: [], has_more: false }
    const { status, tool, server, ownerId, threadId, runId, failureClass, since } = filter
    const where: Prisma.ToolCallWhereInput[] = [{ status, tool, server, ownerId, threadId, runId, failureClass }, own]
    if (since) where.push({ startedAt: { gte: since } })
    if (cursor) where.push({ OR: [{ startedAt: { lt: cursor.startedAt } }, { startedAt: cursor.startedAt, id: { lt: cursor.id } }] })
    const rows = await tx.toolCall.findMany({
      where: { AND: where },
      orderBy: [{ startedAt: 'desc' }, { id: 'desc' }],
      take: limit + 1,
      select: ROW,
    })
    return toPage(rows, limit, (row) => row.id)
  })
}

/** One call with arguments and result. Throws not_found for a call outside the scope. */
export async function findToolCall(scope: ToolCallScope, id: string): Promise<ToolCallDetail> {
  const call = await read(scope, (tx, own) => tx.toolCall.findFirst({ where: { id, ...own }, select: DETAIL }))
  if (!call) throw notFound('This tool call')
  return call
}

/** The tools, servers and failure classes that the scope's calls have, for filter menus: sorted, 200 of each at most. */
export function toolCallFacets(scope: ToolCallScope): Promise<{ tools: string[]; servers: string[]; failureClasses: string[] }> {
  return read(scope, async (tx, where) => {
    const tools = await tx.toolCall.groupBy({ by: ['tool'], where, orderBy: { tool: 'asc' }, take: FACET_MAX })
    const servers = await tx.toolCall.groupBy({ by: ['server'], where, orderBy: { server: 'asc' }, take: FACET_MAX })
    const failed = { ...where, failureClass: { not: null } }
    const classes = await tx.toolCall.groupBy({ by: ['failureClass'], where: failed, orderBy: { failureClass: 'asc' }, take: FACET_MAX })
    return {
      tools: tools.map((row) => row.tool),
      servers: servers.map((row) => row.server),
      failureClasses: classes.flatMap((row) => row.failureClass ?? []),
    }
  })
}
