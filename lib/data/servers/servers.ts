import { recordAudit } from '#lib/data/audit.ts'
import { Audience, ServerConfig, ServerSecrets } from '#lib/data/servers/server-config.ts'
import { Prisma, type McpServer as Row } from '#lib/generated/prisma/client.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { seal, unseal } from '#lib/platform/crypto/seal.ts'
import { runSystemStatement, type Tx, withSystem } from '#lib/platform/db/db.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { log } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

/**
 * An MCP server that an admin added. `secrets` is null if they were sealed under another
 * APP_SECRET.
 */
export type StoredServer = {
  id: string
  name: string
  url: string
  enabled: boolean
  audience: Audience
  config: ServerConfig
  secrets: ServerSecrets | null
  createdAt: Date
  updatedAt: Date
}

/** The part of a server that an admin decides. */
export type ServerWish = Pick<StoredServer, 'name' | 'url' | 'audience' | 'config'> & { secrets: ServerSecrets }

/**
 * The channel on which processes tell each other that a server may no longer be called. The payload
 * is its id, plus a person's id if only their account ended.
 */
export const SERVERS_CHANNEL = 'switchboard_servers'
const SERVERS_MAX = 100
const REMEMBERED_MS = 2_000

// Every turn reads the list. Another replica's change is visible within two seconds, our own at
// once.
const remembered = processState('servers', (): { listed?: { until: number; servers: Promise<StoredServer[]> } } => ({}))

/** All servers that admins added, by name. At most two seconds old. */
export function listServers(): Promise<StoredServer[]> {
  const known = remembered().listed
  if (known && known.until > Date.now()) return known.servers
  const servers = withSystem('tool-servers', (tx) =>
    tx.mcpServer.findMany({ orderBy: { name: 'asc' }, take: SERVERS_MAX }),
  ).then((rows) => Promise.all(rows.map(toServer)))
  remembered().listed = { until: Date.now() + REMEMBERED_MS, servers }
  servers.catch(forget)
  return servers
}

/** One server, read from the database now. Throws not_found. */
export async function requireServer(id: string): Promise<StoredServer> {
  const row = await withSystem('tool-servers', (tx) => tx.mcpServer.findUnique({ where: { id } }))
  if (!row) throw notFound('The server')
  return toServer(row)
}

/**
 * The columns that decide whether a server may still be called, read now and not up to two seconds
 * ago. Null if it was removed.
 */
export async function findServerState(id: string): Promise<Pick<StoredServer, 'url' | 'enabled' | 'audience'> | null> {
  const [row] = await runSystemStatement<Pick<StoredServer, 'url' | 'enabled' | 'audience'>>(
    'tool-servers',
    Prisma.sql`SELECT url, enabled, audience FROM mcp_servers WHERE id = ${id}`,
  )
  return row ? { ...row, audience: Audience.catch('admins').parse(row.audience) } : null
}

/**
 * Adds a server, disabled. Only for callers whose admin role was checked. Throws conflict if the
 * name is taken or there are 100 servers.
 */
export async function addServer(admin: Caller, wish: ServerWish): Promise<StoredServer> {
  const data = { id: newId('srv'), ...(await toColumns(wish)) }
  const row = await toWriteError(() =>
    withSystem('tool-servers', async (tx) => {
      // Locked, so that two admins cannot exceed the limit together.
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('mcp_servers', 0))`
      if ((await tx.mcpServer.count()) >= SERVERS_MAX)
        throw new AppError('conflict', `There are ${SERVERS_MAX} servers already.`)
      return tx.mcpServer.create({ data })
    }),
  )
  await recordAudit({
    action: 'server_added',
    actorId: admin.userId,
    subject: row.id,
    detail: { name: row.name, url: row.url },
  })
  return toServer(row)
}

/**
 * Replaces an admin's decisions about a server. Only for callers whose admin role was checked.
 * Throws not_found, conflict.
 */
export async function changeServer(admin: Caller, id: string, wish: ServerWish): Promise<StoredServer> {
  const before = await requireServer(id)
  const data = await toColumns(wish)
  // Another address is another server: it must not receive anyone's account, and none of its tools
  // was accepted.
  const moved = originAndPath(before.url) !== originAndPath(wish.url)
  const row = await toWriteError(() =>
    withSystem('tool-servers', async (tx) => {
      if (moved) {
        await tx.mcpAccount.deleteMany({ where: { serverId: id } })
        await tx.mcpToolPin.deleteMany({ where: { serverId: id } })
        await notifyServerEnd(tx, id)
      }
      return tx.mcpServer.update({ where: { id }, data: { ...data, ...(moved && { enabled: false }) } })
    }),
  )
  await recordAudit({
    action: 'server_changed',
    actorId: admin.userId,
    subject: id,
    detail: { name: row.name, url: row.url, moved },
  })
  return toServer(row)
}

/**
 * Enables or disables a server for the assistants. Only for callers whose admin role was checked.
 * Throws not_found.
 */
export async function setServerEnabled(admin: Caller, id: string, enabled: boolean): Promise<void> {
  const { count } = await toWriteError(() =>
    withSystem('tool-servers', async (tx) => {
      if (!enabled) await notifyServerEnd(tx, id)
      return tx.mcpServer.updateMany({ where: { id }, data: { enabled } })
    }),
  )
  if (count === 0) throw notFound('The server')
  await recordAudit({ action: enabled ? 'server_enabled' : 'server_disabled', actorId: admin.userId, subject: id })
}

/**
 * Removes a server with everybody's accounts there. Its calls stay in the ledger. Only for callers
 * whose admin role was checked. Throws not_found.
 */
export async function removeServer(admin: Caller, id: string): Promise<void> {
  const { name } = await requireServer(id)
  await toWriteError(() =>
    withSystem('tool-servers', async (tx) => {
      await tx.mcpAccount.deleteMany({ where: { serverId: id } })
      await tx.mcpToolPin.deleteMany({ where: { serverId: id } })
      await tx.mcpClientIssuer.deleteMany({ where: { serverId: id } })
      await tx.mcpServer.delete({ where: { id } })
      await notifyServerEnd(tx, id)
    }),
  )
  await recordAudit({ action: 'server_removed', actorId: admin.userId, subject: id, detail: { name } })
}

/** Ends the calls in progress at a server, or one person's calls there, when `tx` commits. */
export async function notifyServerEnd(tx: Tx, serverId: string, userId?: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_notify(${SERVERS_CHANNEL}, ${userId === undefined ? serverId : `${serverId} ${userId}`})`
}

function forget(): void {
  remembered().listed = undefined
}

async function toWriteError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if ((error as { code?: unknown }).code === 'P2002')
      throw new AppError('conflict', 'A server of this name exists already.', { cause: error })
    throw error
  } finally {
    forget()
  }
}

async function toColumns({ name, url, audience, config, secrets }: ServerWish) {
  return { name, url, audience, config, sealedSecrets: await seal(JSON.stringify(secrets), 'server secrets') }
}

async function toServer({ sealedSecrets, audience, config, ...row }: Row): Promise<StoredServer> {
  const text = sealedSecrets === null ? '{}' : await unseal(sealedSecrets, 'server secrets')
  if (text === null) log.warn({ server: row.name }, 'the secrets of an MCP server were sealed under another APP_SECRET')
  return {
    ...row,
    audience: Audience.catch('admins').parse(audience),
    config: ServerConfig.parse(config),
    secrets: text === null ? null : ServerSecrets.parse(JSON.parse(text)),
  }
}

function originAndPath(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname.replace(/\/+$/, '')
}
