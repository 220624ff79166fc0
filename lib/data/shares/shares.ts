import type { Attachment, ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { ShownCall } from '#lib/chatkit/protocol/shown-call.ts'
import { TEMPORARY } from '#lib/chatkit/protocol/thread.ts'
import { expireAttachments } from '#lib/data/attachments/attachment-expiry.ts'
import type { Audience } from '#lib/data/audience.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { takeTurn } from '#lib/data/person-lock.ts'
import { findCallOfRun, type ToolCallDetail } from '#lib/data/runs/tool-calls.ts'
import {
  copyBytes,
  insertCopies,
  listNamedFiles,
  renameFiles,
  type SourceFile,
  withoutLostFiles,
} from '#lib/data/shares/copy-files.ts'
import { type CallName, copyForReaders, type ReadersItem } from '#lib/data/shares/copy-for-readers.ts'
import { readConversation } from '#lib/data/transfer/read-conversation.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { type Tx, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { toStorable, toStorableText } from '#lib/platform/json/to-storable.ts'
import { log } from '#lib/platform/log.ts'

const DAY_MS = 24 * 3_600_000
/** The most shares of a person, and the most tool calls that one shows. */
const SHARES_MAX = 200
const CALLS_MAX = 1_000

/** What a person wants to share: for whom, for how many days, and whether with the work of tools. */
export type ShareWish = {
  threadId: string
  /** Everybody who signs in here, or the accounts with these addresses. */
  readers: 'everybody' | string[]
  days: number
  withTools: boolean
}

/** A share as its owner sees it. */
export type OwnShare = {
  id: string
  threadId: string
  title: string | null
  /** Null: everybody who signs in here. */
  addresses: string[] | null
  withTools: boolean
  createdAt: Date
  expiresAt: Date
}

/**
 * Shares what the caller sees of their conversation now: a snapshot with items and files of its
 * own, which later messages do not change. `showCall` says what is shown of a tool call. An address
 * without an account is not told from one with: nobody learns here who has one. Throws not_found,
 * too_large, and conflict for a temporary conversation or a person with 200 shares.
 */
export async function createShare(
  caller: Caller,
  { threadId, readers, days, withTools }: ShareWish,
  showCall: (call: ToolCallDetail) => Omit<ShownCall, 'href'>,
): Promise<{ id: string }> {
  const ownerId = caller.userId
  const store = createPrismaStore(caller)
  const thread = await store.loadThread(threadId)
  if (thread.metadata[TEMPORARY] === true)
    throw new AppError('conflict', 'A temporary conversation leaves nothing behind, so it cannot be shared.')
  const id = newId('shr')
  const shown: ReadersItem[] = []
  for await (const item of readConversation(store, thread.id)) {
    const copy = copyForReaders(item, id, withTools)
    if (copy) shown.push(copy)
  }
  const calls = await readCalls(caller, shown, showCall)
  const audience: Audience =
    readers === 'everybody' ? { kind: 'everybody' } : { kind: 'chosen', roles: [], people: await findAccounts(readers) }
  const items = shown.map(({ item }) => item)
  const copies = await withCaller(caller, async (tx) => {
    await takeTurn(tx, caller)
    if ((await tx.share.count({ where: { ownerId } })) >= SHARES_MAX)
      throw new AppError('conflict', `You share ${SHARES_MAX} conversations already. End some under Settings, Shared.`)
    await tx.share.create({
      data: {
        ...{ id, ownerId, threadId: thread.id, title: thread.title ?? null, audience, withTools },
        ...{ addresses: readers === 'everybody' ? [] : readers.map(toStorableText), status: thread.status },
        ...{ startedAt: new Date(thread.created_at), expiresAt: new Date(Date.now() + days * DAY_MS) },
      },
    })
    const files = await listThreadFiles(tx, ownerId, thread.id, listNamedFiles(items))
    const made = await insertCopies(tx, caller, files, { threadId: thread.id, shareId: id })
    const own = renameFiles(withoutLostFiles(items, made), made, id)
    await insertItems(tx, { ownerId, shareId: id }, own, calls)
    return made
  })
  try {
    await copyBytes(caller, copies)
  } catch (error) {
    await endShare(caller, id)
    throw error
  }
  await recordAudit({
    action: 'conversation_shared',
    actorId: ownerId,
    subject: id,
    detail: { thread: thread.id, readers, days, withTools },
  })
  return { id }
}

/** The caller's shares, the newest first, 200 at most. With a thread: those of the thread. */
export async function listShares({ userId: ownerId }: { userId: string }, threadId?: string): Promise<OwnShare[]> {
  const rows = await withCaller({ userId: ownerId }, (tx) =>
    tx.share.findMany({
      where: { ownerId, ...(threadId !== undefined && { threadId: toStorableText(threadId) }) },
      orderBy: { createdAt: 'desc' },
      take: SHARES_MAX,
    }),
  )
  return rows.map(({ id, threadId: thread, title, audience, addresses, withTools, createdAt, expiresAt }) => ({
    ...{ id, threadId: thread, title, withTools, createdAt, expiresAt },
    addresses: (audience as Audience).kind === 'everybody' ? null : addresses,
  }))
}

/** Ends a share of the caller at once, for every reader. Throws not_found. */
export async function endShare(caller: { userId: string }, id: string): Promise<void> {
  const where = { id: toStorableText(id), ownerId: caller.userId }
  const { count } = await withCaller(caller, (tx) => tx.share.deleteMany({ where }))
  if (count === 0) throw notFound('This shared conversation')
  await recordAudit({ action: 'share_ended', actorId: caller.userId, subject: id })
  await deleteFiles(caller)
}

/** Deletes the shares that have expired. Nobody could read them any more. */
export async function deleteExpiredShares(): Promise<void> {
  const { count } = await withSystem('expiry', (tx) =>
    tx.share.deleteMany({ where: { expiresAt: { lt: new Date() } } }),
  )
  if (count > 0) await deleteFiles()
}

async function deleteFiles(caller?: { userId: string }): Promise<void> {
  try {
    await expireAttachments(caller)
  } catch (error) {
    // Nobody reaches them any more. The next sweep deletes them.
    log.warn({ error }, 'the files of a share that ended were not deleted yet')
  }
}

/**
 * The accounts that these addresses belong to now. If the server can send mail, only those that have
 * proven their address: anybody could have signed up with another person's.
 */
async function findAccounts(addresses: string[]): Promise<string[]> {
  const email = { in: addresses.map((address) => toStorableText(address.trim().toLowerCase())) }
  const isProven = env().SMTP_URL === undefined ? {} : { emailVerifiedAt: { not: null } }
  const found = await withSystem('shares', (tx) =>
    tx.user.findMany({ where: { email, disabledAt: null, ...isProven }, select: { id: true }, take: 500 }),
  )
  return found.map(({ id }) => id)
}

async function readCalls(
  caller: Caller,
  items: ReadersItem[],
  showCall: (call: ToolCallDetail) => Omit<ShownCall, 'href'>,
): Promise<(ReadersItem['calls'][number] | unknown)[][]> {
  let room = CALLS_MAX
  const shown: unknown[][] = []
  for (const { calls } of items) {
    const own = calls.slice(0, room)
    room -= own.length
    shown.push(await Promise.all(own.map((name) => readCall(caller, name, showCall))))
  }
  return shown
}

async function readCall(
  caller: Caller,
  { run_id: runId, call_id: callId }: CallName,
  showCall: (call: ToolCallDetail) => Omit<ShownCall, 'href'>,
): Promise<Omit<ShownCall, 'href'> | null> {
  try {
    return showCall(await findCallOfRun(caller, { runId, callId }))
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return null
    throw error
  }
}

async function listThreadFiles(tx: Tx, ownerId: string, threadId: string, ids: string[]): Promise<SourceFile[]> {
  const where = { id: { in: ids }, ownerId, threadId, shareId: null, uploadedAt: { not: null } }
  const rows = await tx.attachment.findMany({
    where,
    select: { id: true, ownerId: true, size: true, text: true, data: true },
  })
  return rows.map(({ data, ...row }) => ({ ...row, attachment: data as unknown as Attachment }))
}

async function insertItems(
  tx: Tx,
  { ownerId, shareId }: { ownerId: string; shareId: string },
  items: ThreadItem[],
  calls: unknown[][],
): Promise<void> {
  const rows = toStorable(items.map((data, at) => ({ data, calls: calls[at]?.length ? calls[at] : null })))
  await tx.$executeRaw(Prisma.sql`
    INSERT INTO shared_items (share_id, seq, id, owner_id, data, calls)
    SELECT ${shareId}, given.seq, given.entry->'data'->>'id', ${ownerId}, given.entry->'data', nullif(given.entry->'calls', 'null')
    FROM jsonb_array_elements(${JSON.stringify(rows)}::jsonb) WITH ORDINALITY AS given (entry, seq)`)
}
