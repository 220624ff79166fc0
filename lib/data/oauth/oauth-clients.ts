import type { Prisma } from '#lib/generated/prisma/client.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

/** What a client registered (RFC 7591). Its secret is sealed and kept apart. */
export type StoredClient = { metadata: Record<string, unknown>; sealedSecret: string | null }

const FORGOTTEN_AFTER_MS = 90 * 86_400_000
const WAITING_MAX = 10_000

/**
 * Stores a registration. Because anybody may register, it also deletes registrations that were
 * never allowed anything: after 90 days, or once 10,000 newer ones exist. A client that was ever
 * allowed stays, because it keeps its id for good and could not recover if the id became unknown.
 */
export async function saveOauthClient(
  id: string,
  { metadata, sealedSecret }: StoredClient,
  waitingMax = WAITING_MAX,
): Promise<void> {
  await withSystem('tokens', async (tx) => {
    const old = new Date(Date.now() - FORGOTTEN_AFTER_MS)
    const [last] = await tx.oauthClient.findMany({
      ...{ where: { allowedAt: null }, orderBy: { createdAt: 'desc' }, skip: waitingMax - 1, take: 1 },
      select: { createdAt: true },
    })
    const before = last && last.createdAt > old ? last.createdAt : old
    await tx.oauthClient.deleteMany({ where: { allowedAt: null, createdAt: { lt: before } } })
    await tx.oauthClient.create({ data: { id, metadata: metadata as Prisma.InputJsonObject, sealedSecret } })
  })
}

/** The registration with this id, or null. */
export function findOauthClient(id: string): Promise<StoredClient | null> {
  return withSystem('tokens', async (tx) => {
    const found = await tx.oauthClient.findUnique({
      where: { id: toStorableText(id) },
      select: { metadata: true, sealedSecret: true },
    })
    return found && { ...found, metadata: found.metadata as Record<string, unknown> }
  })
}

/**
 * Records that a person authorized the client. Does nothing for clients that are not registered
 * here.
 */
export async function noteOauthClientAllowed(id: string): Promise<void> {
  await withSystem('tokens', (tx) => tx.oauthClient.updateMany({ where: { id }, data: { allowedAt: new Date() } }))
}
