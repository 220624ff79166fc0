import { createHash } from 'node:crypto'
import { z } from 'zod'
import { recordAudit } from '#lib/data/audit.ts'
import { takeTurn } from '#lib/data/person-lock.ts'
import { notifyServerEnd } from '#lib/data/servers/servers.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { seal, unseal } from '#lib/platform/crypto/seal.ts'
import { type Tx, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { notFound } from '#lib/platform/errors.ts'

/** The contents of a person's connected account at a tool server. */
const Account = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('key'), key: z.string() }),
  z.object({
    kind: z.literal('oauth'),
    issuer: z.string().optional(),
    tokens: z.record(z.string(), z.unknown()),
    savedAt: z.number(),
    /** The scope that was asked for when the person connected the account. */
    scope: z.string().optional(),
    /** Where the server said that the metadata of its authorization is. */
    metadataUrl: z.string().optional(),
    /** A scope that the server has asked for since: the person must connect again. */
    widerScope: z.string().optional(),
  }),
])
export type Account = z.infer<typeof Account>

type Owner = { userId: string }

/**
 * The owner's account at a server. Null if there is none, or it was sealed under another
 * APP_SECRET.
 */
export async function findAccount(owner: Owner, serverId: string): Promise<Account | null> {
  const row = await withCaller(owner, (tx) => tx.mcpAccount.findFirst({ where: { ownerId: owner.userId, serverId } }))
  return openAccount(row)
}

/**
 * The servers at which the owner has an account. `broken` means that the person has to connect
 * again: the server stopped accepting the account, or wants a wider scope.
 */
export async function listAccounts(owner: Owner): Promise<Map<string, { connectedAt: Date; broken: boolean }>> {
  const rows = await withCaller(owner, (tx) =>
    tx.mcpAccount.findMany({
      where: { ownerId: owner.userId },
      select: { serverId: true, createdAt: true, brokenAt: true },
    }),
  )
  return new Map(
    rows.map(({ serverId, createdAt, brokenAt }) => [serverId, { connectedAt: createdAt, broken: brokenAt !== null }]),
  )
}

/**
 * Stores the account that the owner has just connected, replacing an earlier one. Throws
 * unauthenticated if their session has ended since.
 */
export async function saveAccount(caller: Caller, serverId: string, account: Account): Promise<void> {
  const ownerId = caller.userId
  const columns = await toColumns(account)
  await withCaller(caller, async (tx) => {
    await takeTurn(tx, caller)
    await tx.mcpAccount.upsert({
      where: { ownerId_serverId: { ownerId, serverId } },
      create: { ownerId, serverId, ...columns },
      update: { ...columns, createdAt: new Date() },
    })
  })
  await recordAudit({
    action: 'account_connected',
    actorId: ownerId,
    subject: serverId,
    detail: { kind: account.kind },
  })
}

/**
 * Changes the owner's account in one step, so that two changes at once do not undo each other.
 * `change` returns the changed account, or undefined to leave it as it is. Resolves to the account
 * that is stored then. An account that was disconnected meanwhile is not restored.
 */
export function changeAccount(
  owner: Owner,
  serverId: string,
  change: (account: Account) => Account | undefined,
): Promise<Account | null> {
  return withCaller(owner, async (tx) => {
    const own = { ownerId: owner.userId, serverId }
    const [row] = await tx.$queryRaw<{ sealed: string }[]>`
      SELECT sealed FROM mcp_accounts WHERE owner_id = ${own.ownerId} AND server_id = ${serverId} FOR UPDATE`
    const account = await openAccount(row)
    const changed = account && change(account)
    if (changed) await tx.mcpAccount.updateMany({ where: own, data: await toColumns(changed) })
    return changed ?? account
  })
}

async function toColumns(account: Account): Promise<{ kind: string; sealed: string; brokenAt: Date | null }> {
  const asksAgain = account.kind === 'oauth' && account.widerScope !== undefined
  const sealed = await seal(JSON.stringify(account), 'server accounts')
  return { kind: account.kind, sealed, brokenAt: asksAgain ? new Date() : null }
}

async function openAccount(row: { sealed: string } | null | undefined): Promise<Account | null> {
  const text = row && (await unseal(row.sealed, 'server accounts'))
  return text ? Account.parse(JSON.parse(text)) : null
}

/**
 * Records that the server no longer accepts the account, so that its owner is asked to connect
 * again.
 */
export async function markAccountBroken(owner: Owner, serverId: string): Promise<void> {
  await withCaller(owner, (tx) =>
    tx.mcpAccount.updateMany({
      where: { ownerId: owner.userId, serverId, brokenAt: null },
      data: { brokenAt: new Date() },
    }),
  )
}

/** Deletes the owner's account at a server and ends its calls in progress. Throws not_found. */
export async function removeAccount(owner: Owner, serverId: string): Promise<void> {
  const { count } = await withCaller(owner, async (tx) => {
    await notifyServerEnd(tx, serverId, owner.userId)
    return tx.mcpAccount.deleteMany({ where: { ownerId: owner.userId, serverId } })
  })
  if (count === 0) throw notFound('The connection')
  await recordAudit({ action: 'account_disconnected', actorId: owner.userId, subject: serverId })
}

/** Deletes every connected account of a person, within `tx`. */
export async function forgetAccounts(tx: Tx, ownerId: string): Promise<void> {
  await tx.mcpAccount.deleteMany({ where: { ownerId } })
}

/** This installation's client registration at the authorization server `issuer`, or null. */
export async function findRegistration(issuer: string): Promise<unknown> {
  const row = await withSystem('tool-servers', (tx) =>
    tx.mcpRegistration.findUnique({ where: { id: registrationId(issuer) } }),
  )
  const text = row && (await unseal(row.sealed, 'server secrets'))
  return text ? JSON.parse(text) : null
}

/** Stores a registration. `null` deletes one that the authorization server no longer knows. */
export async function saveRegistration(issuer: string, registration: unknown): Promise<void> {
  const id = registrationId(issuer)
  if (registration === null) {
    await withSystem('tool-servers', (tx) => tx.mcpRegistration.deleteMany({ where: { id } }))
    return
  }
  const sealed = await seal(JSON.stringify(registration), 'server secrets')
  await withSystem('tool-servers', (tx) =>
    tx.mcpRegistration.upsert({ where: { id }, create: { id, sealed }, update: { sealed } }),
  )
}

// A registration includes our redirect address, so APP_URL is part of its id.
const registrationId = (issuer: string) => createHash('sha256').update(`${issuer} ${env().APP_URL}`).digest('hex')
