import { type Adapter, type AdapterPayload, errors } from 'oidc-provider'
import { isScope, SCOPES } from '#lib/auth/tokens/scopes.ts'
import { findOauthClient, saveOauthClient } from '#lib/data/oauth/oauth-clients.ts'
import { dropOauthGrant, extendOauthGrant, findOauthGrant } from '#lib/data/oauth/oauth-grants.ts'
import {
  addOauthRecord,
  consumeOauthRecord,
  dropOauthRecord,
  findOauthRecord,
  saveOauthRecord,
} from '#lib/data/oauth/oauth-records.ts'
import { spendRefreshToken } from '#lib/data/oauth/refresh-tokens.ts'
import { seal, unseal } from '#lib/platform/crypto/seal.ts'

const seconds = (date: Date) => Math.floor(date.getTime() / 1000)
const nothing = async () => undefined

/** Defaults for methods that a kind does not need: oidc-provider requires all of them. */
const unused: Adapter = {
  upsert: nothing,
  find: nothing,
  findByUserCode: nothing,
  findByUid: nothing,
  consume: nothing,
  destroy: nothing,
  // Ending a grant also deletes its codes and tokens.
  revokeByGrantId: (grantId) => dropOauthGrant(grantId),
}

/**
 * Returns oidc-provider's storage adapter for one kind of record. `resource` is the audience of
 * every grant.
 */
export function makeAdapter(kind: string, resource: string): Adapter {
  if (kind === 'Client') return clients
  if (kind === 'Grant') return grants(resource)
  // Our own session says who is signed in, anew at each request for consent.
  if (kind === 'Session') return unused
  if (kind === 'ReplayDetection') return proofs
  if (kind === 'RefreshToken') return refreshTokens
  return records(kind)
}

const clients: Adapter = {
  ...unused,
  async upsert(id, { client_secret: secret, ...metadata }) {
    await saveOauthClient(id, {
      metadata,
      sealedSecret: typeof secret === 'string' ? await seal(secret, 'client secrets') : null,
    })
  },
  async find(id) {
    const found = await findOauthClient(id)
    if (!found) return undefined
    const secret = found.sealedSecret && (await unseal(found.sealedSecret, 'client secrets'))
    // The secret was sealed under another APP_SECRET: the client has to register again.
    if (found.sealedSecret && !secret) return undefined
    return { ...found.metadata, ...(secret && { client_secret: secret }) }
  },
}

/** Only consent creates grants (lib/auth/oauth-server/consent.ts). */
function grants(resource: string): Adapter {
  return {
    ...unused,
    upsert: () => Promise.reject(new Error('a grant is made by consent alone')),
    destroy: dropOauthGrant,
    async find(id) {
      const grant = await findOauthGrant(id)
      if (!grant) return undefined
      const ours = grant.scopes.filter(isScope)
      // Scopes that were requested but not granted must count as answered, or the person is asked
      // again at once.
      const denied = Object.keys(SCOPES)
        .filter((scope) => !grant.scopes.includes(scope))
        .join(' ')
      return {
        jti: id,
        kind: 'Grant',
        iat: seconds(grant.createdAt),
        exp: seconds(grant.expiresAt),
        accountId: grant.ownerId,
        clientId: grant.clientId,
        openid: { scope: grant.scopes.join(' ') },
        resources: { [resource]: ours.join(' ') },
        ...(denied && { rejected: { openid: { scope: denied }, resources: { [resource]: denied } } }),
      }
    },
  }
}

/**
 * Client assertions that were already used. oidc-provider reads before it writes, so two
 * simultaneous requests would both pass; here the write decides.
 */
const proofs: Adapter = {
  ...records('ReplayDetection'),
  async upsert(id, _payload, ttl) {
    const fresh = await addOauthRecord('ReplayDetection', id, new Date(Date.now() + (ttl ?? 0) * 1000))
    if (!fresh) throw new errors.InvalidClientAuth('client assertion tokens must only be used once')
  },
}

/**
 * oidc-provider ends a grant when a refresh token is used twice. But clients send several refreshes
 * at once, so the rows decide how often it may be used.
 */
const refreshTokens: Adapter = {
  ...records('RefreshToken'),
  async find(secret) {
    const found = await records('RefreshToken').find(secret)
    return found && { ...found, consumed: undefined }
  },
  async consume(secret) {
    const outcome = await spendRefreshToken(secret)
    if (outcome !== 'used')
      throw new errors.InvalidGrant(outcome === 'reused' ? 'refresh token already used' : 'the grant has ended')
  },
}

function records(kind: string): Adapter {
  return {
    ...unused,
    async upsert(secret, { jti, ...payload }, ttl) {
      const ownerId = ownerOf(payload)
      const expiresAt = new Date(Date.now() + (ttl ?? 0) * 1000)
      try {
        await saveOauthRecord(kind, secret, { payload, ownerId, grantId: payload.grantId, expiresAt })
      } catch (error) {
        // A second use at the same moment ended the grant before the first token was stored.
        if (payload.grantId && !(await findOauthGrant(payload.grantId)))
          throw new errors.InvalidGrant('the grant has ended')
        throw error
      }
      if (kind.endsWith('Token') && payload.grantId) await extendOauthGrant(payload.grantId, expiresAt)
    },
    async find(secret) {
      const found = await findOauthRecord(kind, secret)
      if (!found) return undefined
      const consumed = found.consumedAt && { consumed: seconds(found.consumedAt) }
      return { ...found.payload, jti: secret, exp: seconds(found.expiresAt), ...consumed } as AdapterPayload
    },
    async consume(secret) {
      if (await consumeOauthRecord(kind, secret)) return
      // Two requests used one code at the same moment: the second counts as reuse.
      const found = await findOauthRecord(kind, secret)
      if (found?.grantId) await dropOauthGrant(found.grantId)
      throw new errors.InvalidGrant('used twice at once')
    },
    async destroy(secret) {
      const dropped = await dropOauthRecord(kind, secret)
      // An answered request continues to the client only once.
      if (!dropped && kind === 'Interaction') throw new errors.SessionNotFound('went on already')
    },
  }
}

function ownerOf({ accountId, result }: AdapterPayload): string | undefined {
  return accountId ?? (result as { login?: { accountId?: string } } | undefined)?.login?.accountId
}
