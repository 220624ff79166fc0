import { type Tx, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { notFound } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

// The time (ms) from the consent to the first token.
const FIRST_MS = 600_000
const USED_EVERY_MS = 60_000
const GRANTS_SHOWN_MAX = 500

/** A grant: what a person allowed one client. `scopes` are ours and those of OpenID Connect. */
export type OauthGrantRow = {
  id: string
  ownerId: string
  clientId: string
  scopes: string[]
  createdAt: Date
  expiresAt: Date
}

/** An authorized app, with all its grants merged. */
export type AuthorizedApp = {
  clientId: string
  name: string
  host: string
  scopes: string[]
  since: Date
  lastUsedAt: Date | null
}

/**
 * Stores what the person with this session allows. Returns the grant's id. The client has ten
 * minutes to fetch its first token.
 */
export async function createOauthGrant(
  { caller, version }: { caller: { userId: string }; version: number },
  allowed: { clientId: string; clientName: string; clientHost: string; scopes: string[] },
): Promise<string> {
  const data = {
    id: newId('grt'),
    ownerId: caller.userId,
    sessionVersion: version,
    expiresAt: new Date(Date.now() + FIRST_MS),
    ...allowed,
  }
  await withCaller(caller, (tx) => tx.oauthGrant.create({ data }))
  return data.id
}

/**
 * The grant with this id, even if expired. Null if it is unknown, revoked or older than the
 * person's session version, or if the account is disabled.
 */
export function findOauthGrant(id: string): Promise<OauthGrantRow | null> {
  return withSystem('tokens', async (tx) => {
    const found = await tx.oauthGrant.findFirst({
      where: { id, owner: { disabledAt: null } },
      include: { owner: { select: { sessionVersion: true } } },
    })
    return found && found.sessionVersion === found.owner.sessionVersion ? found : null
  })
}

/** Extends a grant to the end of its last token. */
export async function extendOauthGrant(id: string, until: Date): Promise<void> {
  await withSystem('tokens', (tx) =>
    tx.oauthGrant.updateMany({ where: { id, expiresAt: { lt: until } }, data: { expiresAt: until } }),
  )
}

/**
 * Ends a grant with all its codes and tokens: when the client revokes a token, or uses one twice.
 */
export async function dropOauthGrant(id: string): Promise<void> {
  await withSystem('tokens', (tx) => tx.oauthGrant.deleteMany({ where: { id } }))
}

/** Records that a grant's token was used, once a minute at most. */
export async function touchOauthGrant(
  grant: Pick<OauthGrantRow, 'id' | 'ownerId'> & { lastUsedAt: Date | null },
  now: Date,
): Promise<void> {
  const { id, ownerId, lastUsedAt } = grant
  if (now.getTime() - (lastUsedAt?.getTime() ?? 0) > USED_EVERY_MS)
    await withCaller({ userId: ownerId }, (tx) =>
      tx.oauthGrant.updateMany({ where: { id, ownerId }, data: { lastUsedAt: now } }),
    )
}

/** Deletes grants that have outlived their tokens, within `tx`. */
export async function purgeOauthGrants(tx: Tx): Promise<void> {
  await tx.oauthGrant.deleteMany({ where: { expiresAt: { lt: new Date() } } })
}

/** The authorized apps that may still act for the caller, last used first. */
export async function listAuthorizedApps(caller: { userId: string }): Promise<AuthorizedApp[]> {
  const grants = await withCaller(caller, async (tx) => {
    const { sessionVersion } = await tx.user.findUniqueOrThrow({
      where: { id: caller.userId },
      select: { sessionVersion: true },
    })
    return tx.oauthGrant.findMany({
      where: { ownerId: caller.userId, sessionVersion, expiresAt: { gt: new Date() } },
      orderBy: { createdAt: 'desc' },
      take: GRANTS_SHOWN_MAX,
    })
  })
  const connections = [...Map.groupBy(grants, ({ clientId }) => clientId).values()].map((those): AuthorizedApp => {
    const [newest, ...older] = those as [(typeof those)[number], ...typeof those]
    return {
      clientId: newest.clientId,
      name: newest.clientName,
      host: newest.clientHost,
      scopes: [...new Set(those.flatMap(({ scopes }) => scopes))],
      since: (older.at(-1) ?? newest).createdAt,
      lastUsedAt: those.reduce<Date | null>(
        (last, { lastUsedAt: at }) => (at && (!last || at > last) ? at : last),
        null,
      ),
    }
  })
  const rank = ({ lastUsedAt, since }: AuthorizedApp) => (lastUsedAt ?? since).getTime()
  return connections.sort((a, b) => rank(b) - rank(a))
}

/** Ends all grants of the caller to this client at once. Throws not_found if there is none. */
export async function revokeAuthorizedApp(caller: { userId: string }, clientId: string): Promise<void> {
  const where = { ownerId: caller.userId, clientId: toStorableText(clientId) }
  const { count } = await withCaller(caller, (tx) => tx.oauthGrant.deleteMany({ where }))
  if (count === 0) throw notFound('The authorized app')
}

/** Ends all grants of a person, and their pending consent requests, within `tx`. */
export async function dropGrantsOf(tx: Tx, ownerId: string): Promise<void> {
  await tx.oauthRecord.deleteMany({ where: { ownerId } })
  await tx.oauthGrant.deleteMany({ where: { ownerId } })
}
