import { toTimeCursor, whereAfter } from '#lib/data/keyset.ts'
import type { Prisma } from '#lib/generated/prisma/client.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { type Tx, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { notFound } from '#lib/platform/errors.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'
import { type Page, toPage } from '#lib/platform/page.ts'

// Reads the ledger; lib/data/runs/ledger.ts writes it.

const FACET_MAX = 200

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

export type ToolCallStatus = 'pending' | 'succeeded' | 'failed' | 'declined' | 'cancelled' | 'unknown'

/**
 * Whose calls to read: everybody's (after the caller checked the admin role), or one person's own.
 */
export type ToolCallScope = { admin: true } | { caller: Caller }

export type ToolCallFilter = {
  status?: ToolCallStatus
  tool?: string
  server?: string
  ownerId?: string
  /** Part of the person's name or address. */
  person?: string
  threadId?: string
  runId?: string
  failureClass?: string
  since?: Date
  /** The id of the last row of the previous page. */
  after?: string
  /** From 1 to 200; default 50. */
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
  repeatOf: true,
} satisfies Prisma.ToolCallSelect

const DETAIL = {
  ...ROW,
  model: true,
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

/** Lists calls, newest first. A cursor that is not from such a list gives an empty page. */
export function listToolCalls(scope: ToolCallScope, filter: ToolCallFilter = {}): Promise<Page<ToolCallRow>> {
  const limit = Math.min(Math.max(Math.trunc(filter.limit ?? 50), 1), 200)
  return read(scope, async (tx, own) => {
    const { status, tool, server, ownerId, person, threadId, runId, failureClass, since } = filter
    const named = { contains: person, mode: 'insensitive' } as const
    const where: Prisma.ToolCallWhereInput[] = [
      { status, tool, server, ownerId, threadId, runId, failureClass },
      own,
      whereAfter('startedAt', filter.after),
    ]
    if (person) where.push({ owner: { OR: [{ name: named }, { email: named }] } })
    if (since) where.push({ startedAt: { gte: since } })
    const rows = await tx.toolCall.findMany({
      where: { AND: where },
      orderBy: [{ startedAt: 'desc' }, { id: 'desc' }],
      take: limit + 1,
      select: ROW,
    })
    return toPage(rows, limit, ({ startedAt, id }) => toTimeCursor(startedAt, id))
  })
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

/**
 * The tools, servers and failure classes of the scope's calls, for filter menus: sorted, at most
 * 200 of each.
 */
export function listToolCallFacets(
  scope: ToolCallScope,
): Promise<{ tools: string[]; servers: string[]; failureClasses: string[] }> {
  return read(scope, async (tx, where) => {
    const tools = await tx.toolCall.groupBy({ by: ['tool'], where, orderBy: { tool: 'asc' }, take: FACET_MAX })
    const servers = await tx.toolCall.groupBy({ by: ['server'], where, orderBy: { server: 'asc' }, take: FACET_MAX })
    const failed = { ...where, failureClass: { not: null } }
    const classes = await tx.toolCall.groupBy({
      by: ['failureClass'],
      where: failed,
      orderBy: { failureClass: 'asc' },
      take: FACET_MAX,
    })
    return {
      tools: tools.map((row) => row.tool),
      servers: servers.map((row) => row.server),
      failureClasses: classes.flatMap((row) => row.failureClass ?? []),
    }
  })
}
