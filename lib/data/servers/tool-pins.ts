import { createHash } from 'node:crypto'
import { recordAudit } from '#lib/data/audit.ts'
import type { Prisma } from '#lib/generated/prisma/client.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { AppError, notFound, toAppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'

/** The parts of a tool that a model reads and that policies use. */
export type ToolDefinition = {
  name: string
  title?: string
  description?: string
  inputSchema: unknown
  outputSchema?: unknown
  annotations?: unknown
}

/**
 * The definition that an admin accepted and the one that the server offers now. A tool whose
 * `state` is `new` or `changed` is quarantined: it is not offered to models.
 */
export type ToolPin = {
  tool: string
  state: 'accepted' | 'new' | 'changed'
  accepted: ToolDefinition | null
  offered: ToolDefinition
  offeredHash: string
  acceptedAt: Date | null
  seenAt: Date
}

const TOOLS_MAX = 500
const SEEN_EVERY_MS = 3_600_000

/** The hash of a definition, the same for any order of its keys. */
export function hashDefinition(tool: ToolDefinition): string {
  return createHash('sha256')
    .update(JSON.stringify(sortKeys(definitionOf(tool))))
    .digest('hex')
}

/** All tools of a server that were ever seen, by name, 500 at most. */
export async function listToolPins(serverId: string): Promise<ToolPin[]> {
  const rows = await withSystem('tool-servers', (tx) =>
    tx.mcpToolPin.findMany({ where: { serverId }, orderBy: { tool: 'asc' }, take: TOOLS_MAX }),
  )
  return rows.map(({ tool, accepted, acceptedHash, acceptedAt, offered, offeredHash, seenAt }) => ({
    tool,
    state: acceptedHash === null ? 'new' : acceptedHash === offeredHash ? 'accepted' : 'changed',
    accepted: accepted as ToolDefinition | null,
    offered: offered as unknown as ToolDefinition,
    offeredHash,
    acceptedAt,
    seenAt,
  }))
}

/** The accepted tools of one server, which stand for its tools while it cannot be reached. */
export async function listAcceptedTools(serverId: string): Promise<ToolDefinition[]> {
  const rows = await withSystem('tool-servers', (tx) =>
    tx.mcpToolPin.findMany({
      where: { serverId, acceptedHash: { not: null } },
      select: { accepted: true, acceptedHash: true, offeredHash: true },
      take: TOOLS_MAX,
    }),
  )
  return rows
    .filter((row) => row.acceptedHash === row.offeredHash)
    .map(({ accepted }) => accepted as unknown as ToolDefinition)
}

/** For each of these servers, the hashes of its accepted tools. */
export async function listAcceptedHashes(serverIds: string[]): Promise<Map<string, Map<string, string>>> {
  const found = new Map(serverIds.map((id) => [id, new Map<string, string>()]))
  if (serverIds.length === 0) return found
  const rows = await withSystem('tool-servers', (tx) =>
    tx.mcpToolPin.findMany({
      where: { serverId: { in: serverIds } },
      select: { serverId: true, tool: true, acceptedHash: true },
    }),
  )
  for (const { serverId, tool, acceptedHash } of rows) if (acceptedHash) found.get(serverId)?.set(tool, acceptedHash)
  return found
}

/**
 * Records what a server offers. Returns the names of the tools that may be offered to a model:
 * those whose definition is the accepted one. `acceptsNew` accepts all tools of a server that was
 * never seen before.
 */
export async function notePins(serverId: string, tools: ToolDefinition[], acceptsNew: boolean): Promise<Set<string>> {
  const offered = new Map(
    tools.slice(0, TOOLS_MAX).map((tool) => [tool.name, { tool: definitionOf(tool), hash: hashDefinition(tool) }]),
  )
  const known = await withSystem('tool-servers', (tx) =>
    tx.mcpToolPin.findMany({
      where: { serverId },
      select: { tool: true, acceptedHash: true, offeredHash: true, seenAt: true },
    }),
  )
  const byName = new Map(known.map((row) => [row.tool, row]))
  const now = new Date()
  const stale = [...offered].filter(([name, { hash }]) => {
    const row = byName.get(name)
    return !row || row.offeredHash !== hash || now.getTime() - row.seenAt.getTime() > SEEN_EVERY_MS
  })
  if (stale.length > 0)
    await withSystem('tool-servers', async (tx) => {
      for (const [name, { tool, hash }] of stale) {
        const seen = { offered: toJson(tool), offeredHash: hash, seenAt: now }
        const first =
          acceptsNew && known.length === 0 ? { accepted: toJson(tool), acceptedHash: hash, acceptedAt: now } : {}
        await tx.mcpToolPin.upsert({
          where: { serverId_tool: { serverId, tool: name } },
          create: { serverId, tool: name, ...seen, ...first },
          update: seen,
        })
      }
    })
  const allowed = [...offered].filter(
    ([name, { hash }]) => (byName.get(name)?.acceptedHash ?? (acceptsNew && known.length === 0 ? hash : null)) === hash,
  )
  return new Set(allowed.map(([name]) => name))
}

/**
 * Accepts a tool's definition as the admin saw it: `hash` is the hash of what was shown. Only for
 * callers whose admin role was checked. Throws not_found, and conflict if the server has offered
 * another definition since.
 */
export async function acceptDefinition(admin: Caller, serverId: string, tool: string, hash: string): Promise<void> {
  await withSystem('tool-servers', async (tx) => {
    const where = { serverId_tool: { serverId, tool } }
    const row = await tx.mcpToolPin.findUnique({ where })
    if (!row) throw notFound('The tool')
    if (row.offeredHash !== hash) throw new AppError('conflict', 'The tool has changed again. Review it once more.')
    const acceptance = {
      accepted: toJson(row.offered),
      acceptedHash: hash,
      acceptedAt: new Date(),
      acceptedBy: admin.userId,
    }
    await tx.mcpToolPin.update({ where, data: acceptance })
  })
  await recordAudit({ action: 'tool_agreed', actorId: admin.userId, subject: serverId, detail: { tool, hash } })
}

/** A tool whose definition could not be accepted, with the sentence for the admin. */
export type NotAccepted = { tool: string; why: string }

/**
 * Accepts the definitions that a server offers now, each by itself: one that fails does not hold up
 * the others. Returns those that failed, which stay quarantined. Only for callers whose admin role
 * was checked.
 */
export async function acceptOfferedDefinitions(admin: Caller, serverId: string): Promise<NotAccepted[]> {
  const failed: NotAccepted[] = []
  for (const { tool, offeredHash } of await listToolPins(serverId))
    try {
      await acceptDefinition(admin, serverId, tool, offeredHash)
    } catch (thrown) {
      const { message, status } = toAppError(thrown)
      if (status >= 500) log.error({ error: thrown, tool }, 'a definition was not accepted')
      failed.push({ tool, why: message })
    }
  return failed
}

/**
 * Withdraws the acceptance of a definition, which quarantines the tool. Only for callers whose
 * admin role was checked. Throws not_found.
 */
export async function withdrawAcceptance(admin: Caller, serverId: string, tool: string): Promise<void> {
  const { count } = await withSystem('tool-servers', (tx) =>
    tx.mcpToolPin.updateMany({
      where: { serverId, tool },
      data: { acceptedHash: null, acceptedAt: null, acceptedBy: null },
    }),
  )
  if (count === 0) throw notFound('The tool')
  await recordAudit({ action: 'tool_withdrawn', actorId: admin.userId, subject: serverId, detail: { tool } })
}

/** How many tools of each server wait for an admin. */
export async function countQuarantined(): Promise<Map<string, number>> {
  const rows = await withSystem(
    'tool-servers',
    (tx) =>
      tx.$queryRaw<{ server: string; count: number }[]>`
      SELECT server_id AS server, count(*)::int AS count FROM mcp_tool_pins WHERE agreed_hash IS DISTINCT FROM offered_hash GROUP BY 1`,
  )
  return new Map(rows.map(({ server, count }) => [server, count]))
}

function definitionOf({
  name,
  title,
  description,
  inputSchema,
  outputSchema,
  annotations,
}: ToolDefinition): ToolDefinition {
  return { name, title, description, inputSchema, outputSchema, annotations }
}

const toJson = (value: unknown) => JSON.parse(JSON.stringify(value)) as Prisma.InputJsonObject

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (!(value instanceof Object)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sortKeys(entry)]),
  )
}
