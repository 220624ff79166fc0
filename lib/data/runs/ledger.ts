import { createHmac } from 'node:crypto'
import type { FailureClass, ToolCallStatus } from '#lib/data/runs/tool-calls.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { deriveKey } from '#lib/platform/crypto/derive-key.ts'
import { statementAs, systemStatement, type Tx } from '#lib/platform/db/db.ts'
import { retryIdempotent } from '#lib/platform/db/retry.ts'
import { newId } from '#lib/platform/ids.ts'
import { jsonSize } from '#lib/platform/json/json-size.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'
import { currentRequestId } from '#lib/platform/log.ts'
import { countToolCall } from '#lib/platform/metrics.ts'
import { noteChange } from '#lib/platform/process/watch-changes.ts'
import { clipJson, redactText } from '#lib/platform/redaction/redact.ts'

// The one writer of the ledger; lib/data/runs/tool-calls.ts reads it.

const ARGUMENTS_MAX_BYTES = 16_384
const RESULT_MAX_BYTES = 32_768
const MESSAGE_MAX_CHARS = 500
// A call may be settled a little after its run; one without a run lasts minutes at most.
const SETTLE_GRACE_MS = 30_000
const ORPHAN_MS = 10 * 60_000

export type NewToolCall = {
  ownerId: string
  /** chat: called by the assistant in a run. mcp: called by an outside MCP client with a token. repeat: made again on its page. */
  via: 'chat' | 'mcp' | 'repeat'
  server: string
  tool: string
  arguments: unknown
  /** The names of the arguments that the session filled in, whatever the caller said. */
  filledIn?: string[]
  /** Names of fields whose values are not kept, in any case; secrets by name and look are cut out as well. */
  hidden?: readonly string[]
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
  /** The call that this one makes again, and the person who asked for that. */
  repeatOf?: string
  repeatedBy?: string
}

export type ToolCallOutcome = {
  status: Exclude<ToolCallStatus, 'pending'>
  result?: unknown
  /** What may be kept of the result, where that is less than all. */
  stored?: unknown
  /** Names of fields whose values are not kept. */
  hidden?: readonly string[]
  failureClass?: FailureClass
  errorMessage?: string
  /** Milliseconds since the start: when the connection stood, and when the tool first said how far it was. */
  connectedMs?: number
  firstSignMs?: number
  /** How long it took, by a clock that nobody sets. */
  durationMs?: number
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
    INSERT INTO tool_calls (id, owner_id, via, server, tool, arguments, filled_in, arguments_bytes, arguments_hash, run_id, thread_id, turn_id, call_id, token_id,
      trace_id, span_id, client_name, client_version, repeat_of, repeated_by, request_id, started_at, status, result, result_bytes, failure_class, error_message, finished_at, duration_ms)
    VALUES (${id}, ${call.ownerId}, ${call.via}, ${call.server}, ${call.tool}, ${JSON.stringify(value)}::jsonb, ${call.filledIn ?? []}::text[],
      ${await jsonSize(call.arguments ?? {})}, ${argumentsHash(askedArguments(call.arguments ?? {}, call.filledIn ?? []))}, ${call.runId}, ${call.threadId}, ${call.turnId}, ${call.callId}, ${call.tokenId},
      ${call.traceId}, ${call.spanId}, ${label(call.clientName, 200)}, ${label(call.clientVersion, 100)}, ${call.repeatOf}, ${call.repeatedBy},
      ${currentRequestId()}, ${startedAt}, ${end?.status ?? 'pending'}::"ToolCallStatus", ${end?.result}::jsonb, ${end?.bytes}::int,
      ${end?.failureClass}, ${end?.message}, ${end?.at}::timestamptz, ${end && (outcome?.durationMs ?? Math.max(0, end.at.getTime() - startedAt.getTime()))}::int)
    ON CONFLICT (id) DO NOTHING`
  await retryIdempotent(() => statementAs({ userId: call.ownerId }, statement))
  noteChange()
  return id
}

function label(text: string | undefined, max: number): string | undefined {
  return text && toStorableText(text).slice(0, max)
}

/** Settles a call, once: a row that is not pending any more stays as it is. The result is redacted and clipped (32 kB). */
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
          connected_ms = ${outcome.connectedMs}, first_sign_ms = ${outcome.firstSignMs},
      duration_ms = coalesce(${outcome.durationMs}::int, greatest(0, round(extract(epoch FROM ${at}::timestamptz - started_at) * 1000))::int)
    WHERE id = ${call.id} AND owner_id = ${call.ownerId} AND status = 'pending'
    RETURNING server, duration_ms AS milliseconds`
  const owner = { userId: call.ownerId }
  const [settled] = await retryIdempotent(() => statementAs<{ server: string; milliseconds: number }>(owner, statement))
  if (settled) countToolCall({ ...outcome, ...settled })
  noteChange()
}

async function settlement({ status, result, stored, hidden, failureClass, errorMessage }: ToolCallOutcome, at: Date) {
  return {
    status,
    result: result === undefined ? null : JSON.stringify(clipJson(stored ?? result, RESULT_MAX_BYTES, hidden)),
    bytes: result === undefined ? null : await jsonSize(result),
    failureClass,
    message: errorMessage === undefined ? null : toStorableText(redactText(errorMessage, MESSAGE_MAX_CHARS)),
    at,
  }
}

/** The arguments without those that the session filled in: what was asked for, by which equal calls are told. */
export function askedArguments(args: unknown, filledIn: readonly string[]): unknown {
  if (filledIn.length === 0 || args === null || typeof args !== 'object') return args
  return Object.fromEntries(Object.entries(args).filter(([name]) => !filledIn.includes(name)))
}

/** The same for the same arguments in any order of their keys; under a key of ours, so that nobody finds a short secret by trying. */
export function argumentsHash(args: unknown): string {
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
 * Settles the calls that were left pending although their run is over, or that no run can settle any more after ten minutes:
 * their process died or lost the database, and nobody knows what became of them. Those of `deadRuns`, whose process is known
 * to be gone, are settled at once. Resolves to their number.
 */
export async function settleAbandonedCalls(deadRuns: string[] = []): Promise<number> {
  const message = 'The server stopped during this call; whether it took effect is unknown.'
  const end = { status: 'unknown', failureClass: 'replica_died' } as const
  const now = Date.now()
  const settled = await systemStatement<{ server: string }>(
    'recovery',
    Prisma.sql`
      UPDATE tool_calls AS call
      SET status = ${end.status}::"ToolCallStatus", failure_class = ${end.failureClass}, error_message = ${message}, finished_at = ${new Date(now)}
      WHERE call.status = 'pending'
        AND (call.run_id = ANY(${deadRuns})
          OR EXISTS (SELECT FROM runs WHERE runs.id = call.run_id AND runs.finished_at < ${new Date(now - SETTLE_GRACE_MS)})
          OR (call.run_id IS NULL AND call.started_at < ${new Date(now - ORPHAN_MS)}))
      RETURNING call.server`,
  )
  for (const { server } of settled) countToolCall({ ...end, server, milliseconds: null })
  return settled.length
}

/** True where a run has called a tool, whatever came of it. */
export async function hasToolCalls(tx: Tx, runId: string): Promise<boolean> {
  return (await tx.toolCall.findFirst({ where: { runId }, select: { id: true } })) !== null
}
