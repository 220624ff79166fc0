import { createHmac } from 'node:crypto'
import type { FailureClass, ToolCallStatus } from '#lib/data/runs/tool-calls.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { deriveKey } from '#lib/platform/crypto/derive-key.ts'
import { runStatementAs, runSystemStatement, type Tx } from '#lib/platform/db/db.ts'
import { retryIdempotent } from '#lib/platform/db/retry.ts'
import { newId } from '#lib/platform/ids.ts'
import { measureJson } from '#lib/platform/json/json-size.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'
import { findCurrentRequestId } from '#lib/platform/log.ts'
import { countToolCall } from '#lib/platform/metrics/tool-call-metrics.ts'
import { noteChange } from '#lib/platform/process/watch-changes.ts'
import { clipJson, redactText } from '#lib/platform/redaction/redact.ts'

// The only writer of the ledger; lib/data/runs/tool-calls.ts reads it.

const ARGUMENTS_MAX_BYTES = 16_384
const RESULT_MAX_BYTES = 32_768
const MESSAGE_MAX_CHARS = 500
// A call may be settled shortly after its run. A call without a run lasts minutes at most.
const SETTLE_GRACE_MS = 30_000
const ORPHAN_MS = 10 * 60_000

export type NewToolCall = {
  ownerId: string
  /**
   * chat: called by the assistant in a run. mcp: called by an outside MCP client with a token.
   * repeat: made again from its page.
   */
  via: 'chat' | 'mcp' | 'repeat'
  server: string
  tool: string
  /** The version of the assistant that asked for the call. */
  assistantVersionId?: string | undefined
  /** The model that asked for the call, and the name of its provider. */
  model?: string
  provider?: string
  arguments: unknown
  /** Names of the arguments that the session filled in, whatever the caller sent. */
  filledIn?: string[]
  /**
   * Names of fields whose values are never kept. Secrets, recognized by name or look, are removed
   * as well.
   */
  hidden?: readonly string[]
  runId?: string
  threadId?: string
  /** The person's message that the call belongs to. */
  turnId?: string
  traceId?: string
  spanId?: string
  /** The model's own id for the call. */
  callId?: string
  tokenId?: string
  clientName?: string
  clientVersion?: string
  /** The call that this one repeats, and the person who asked for it. */
  repeatOf?: string
  repeatedBy?: string
}

export type ToolCallOutcome = {
  status: Exclude<ToolCallStatus, 'pending'>
  result?: unknown
  /** The part of the result that may be kept, if not all of it. */
  stored?: unknown
  /** Names of fields whose values are not kept. */
  hidden?: readonly string[]
  /** Where content of the result comes from that others may have written. */
  sources?: string[]
  failureClass?: FailureClass
  errorMessage?: string
  /**
   * Milliseconds from the start until the connection was open, and until the tool's first progress.
   */
  connectedMs?: number
  firstSignMs?: number
  /** The duration (ms) by a monotonic clock. */
  durationMs?: number
}

/**
 * Writes a call into the ledger before it is sent, without secrets and clipped (16 kB). Returns the
 * row's id. If it throws, the call must not be sent: let the error through.
 */
export function beginToolCall(call: NewToolCall): Promise<string> {
  return insert(call, new Date(), null)
}

/**
 * Writes a finished read-only call in one statement, before its answer is passed on. If it throws,
 * the answer must not be passed on: let the error through.
 */
export async function recordToolCall(call: NewToolCall, startedAt: Date, outcome: ToolCallOutcome): Promise<void> {
  await insert(call, startedAt, outcome)
  countToolCall({
    ...outcome,
    server: call.server,
    milliseconds: outcome.durationMs ?? Math.max(0, Date.now() - startedAt.getTime()),
  })
}

async function insert(call: NewToolCall, startedAt: Date, outcome: ToolCallOutcome | null): Promise<string> {
  const value = clipJson(call.arguments ?? {}, ARGUMENTS_MAX_BYTES, call.hidden)
  const end = outcome && (await settlement(outcome, new Date()))
  const id = newId('call')
  const statement = Prisma.sql`
    INSERT INTO tool_calls (id, owner_id, via, server, tool, model, provider, arguments, filled_in, arguments_bytes, arguments_hash, run_id, thread_id, turn_id, call_id, token_id,
      trace_id, span_id, client_name, client_version, repeat_of, repeated_by, assistant_version_id, request_id, started_at, status, result, result_bytes, failure_class, error_message, finished_at, duration_ms)
    VALUES (${id}, ${call.ownerId}, ${call.via}, ${call.server}, ${call.tool}, ${call.model}, ${call.provider}, ${JSON.stringify(value)}::jsonb, ${call.filledIn ?? []}::text[],
      ${await measureJson(call.arguments ?? {})}, ${hashArguments(toAskedArguments(call.arguments ?? {}, call.filledIn ?? []))}, ${call.runId}, ${call.threadId}, ${call.turnId}, ${call.callId}, ${call.tokenId},
      ${call.traceId}, ${call.spanId}, ${label(call.clientName, 200)}, ${label(call.clientVersion, 100)}, ${call.repeatOf}, ${call.repeatedBy}, ${call.assistantVersionId},
      ${findCurrentRequestId()}, ${startedAt}, ${end?.status ?? 'pending'}::"ToolCallStatus", ${end?.result}::jsonb, ${end?.bytes}::int,
      ${end?.failureClass}, ${end?.message}, ${end?.at}::timestamptz, ${end && (outcome?.durationMs ?? Math.max(0, end.at.getTime() - startedAt.getTime()))}::int)
    ON CONFLICT (id) DO NOTHING`
  await retryIdempotent(() => runStatementAs({ userId: call.ownerId }, statement))
  noteChange()
  return id
}

function label(text: string | undefined, max: number): string | undefined {
  return text && toStorableText(text).slice(0, max)
}

/**
 * Settles a call once: a row that is no longer pending stays as it is. The result is redacted and
 * clipped (32 kB).
 */
export async function finishToolCall(
  call: { id: string; ownerId: string },
  outcome: ToolCallOutcome,
  finishedAt = new Date(),
): Promise<void> {
  const { status, result, bytes, failureClass, message, at } = await settlement(outcome, finishedAt)
  const statement = Prisma.sql`
    UPDATE tool_calls
    SET status = ${status}::"ToolCallStatus", result = ${result}::jsonb, result_bytes = ${bytes}::int,
      failure_class = ${failureClass}, error_message = ${message}, finished_at = ${at},
      sources = ${outcome.sources ?? []}::text[],
          connected_ms = ${outcome.connectedMs}, first_sign_ms = ${outcome.firstSignMs},
      duration_ms = coalesce(${outcome.durationMs}::int, greatest(0, round(extract(epoch FROM ${at}::timestamptz - started_at) * 1000))::int)
    WHERE id = ${call.id} AND owner_id = ${call.ownerId} AND status = 'pending'
    RETURNING server, duration_ms AS milliseconds`
  const owner = { userId: call.ownerId }
  const [settled] = await retryIdempotent(() =>
    runStatementAs<{ server: string; milliseconds: number }>(owner, statement),
  )
  if (settled) countToolCall({ ...outcome, ...settled })
  noteChange()
}

async function settlement({ status, result, stored, hidden, failureClass, errorMessage }: ToolCallOutcome, at: Date) {
  return {
    status,
    result: result === undefined ? null : JSON.stringify(clipJson(stored ?? result, RESULT_MAX_BYTES, hidden)),
    bytes: result === undefined ? null : await measureJson(result),
    failureClass,
    message: errorMessage === undefined ? null : toStorableText(redactText(errorMessage, MESSAGE_MAX_CHARS)),
    at,
  }
}

/**
 * Gives pending calls of a run that waited to the run that continues them, within `tx`. Resolves to
 * the ids of those that are still pending.
 */
export async function moveToolCalls(
  tx: Tx,
  { ids, ownerId }: { ids: string[]; ownerId: string },
  runId: string,
): Promise<string[]> {
  const moved = await tx.$queryRaw<{ id: string }[]>`
    UPDATE tool_calls SET run_id = ${runId}
    WHERE id = ANY(${ids}) AND owner_id = ${ownerId} AND status = 'pending' RETURNING id`
  return moved.map(({ id }) => id)
}

/**
 * Removes the arguments that the session filled in. The rest is what the caller asked for, by which
 * equal calls are recognized.
 */
export function toAskedArguments(args: unknown, filledIn: readonly string[]): unknown {
  if (filledIn.length === 0 || args === null || typeof args !== 'object') return args
  return Object.fromEntries(Object.entries(args).filter(([name]) => !filledIn.includes(name)))
}

/**
 * A hash that is the same for equal arguments in any key order. It uses a secret key, so that a
 * short secret cannot be found by trying.
 */
export function hashArguments(args: unknown): string {
  return createHmac('sha256', deriveKey('ledger'))
    .update(JSON.stringify(sortKeys(args)) ?? 'null')
    .digest('base64url')
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, entry]) => [key, sortKeys(entry)]),
  )
}

/**
 * Settles abandoned calls as unknown: those still pending 30 s after their run ended, and those
 * without a run after ten minutes. Their process died or lost the database, so their outcome is
 * unknown. A call that goes on as a task at its server is not abandoned. Calls of `deadRuns`, whose process is known to be gone, are settled at once. Resolves to
 * their number.
 */
export async function settleAbandonedCalls(deadRuns: string[] = []): Promise<number> {
  const message = 'The server stopped during this call; whether it took effect is unknown.'
  const end = { status: 'unknown', failureClass: 'replica_died' } as const
  const now = Date.now()
  const settled = await runSystemStatement<{ server: string }>(
    'recovery',
    Prisma.sql`
      UPDATE tool_calls AS call
      SET status = ${end.status}::"ToolCallStatus", failure_class = ${end.failureClass}, error_message = ${message}, finished_at = ${new Date(now)}
      WHERE call.status = 'pending'
        AND NOT EXISTS (SELECT FROM server_tasks WHERE server_tasks.tool_call_id = call.id AND server_tasks.ended_at IS NULL)
        AND (call.run_id = ANY(${deadRuns})
          OR EXISTS (SELECT FROM runs WHERE runs.id = call.run_id AND runs.finished_at < ${new Date(now - SETTLE_GRACE_MS)})
          OR (call.run_id IS NULL AND call.started_at < ${new Date(now - ORPHAN_MS)}))
      RETURNING call.server`,
  )
  for (const { server } of settled) countToolCall({ ...end, server, milliseconds: null })
  return settled.length
}

/** True if a run has called a tool, whatever the outcome. */
export async function hasToolCalls(tx: Tx, runId: string): Promise<boolean> {
  return (await tx.toolCall.findFirst({ where: { runId }, select: { id: true } })) !== null
}
