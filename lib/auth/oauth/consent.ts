import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import { placeOf } from '#lib/auth/oauth/client-rules.ts'
import { toNodeExchange } from '#lib/auth/oauth/node-exchange.ts'
import { authorizationServer } from '#lib/auth/oauth/server.ts'
import { isScope, type Scope } from '#lib/auth/scopes.ts'
import type { Session } from '#lib/auth/session.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { noteOauthClientAllowed } from '#lib/data/oauth-clients.ts'
import { createOauthGrant } from '#lib/data/oauth-grants.ts'
import { env } from '#lib/env.ts'
import { AppError } from '#lib/errors.ts'

/** A client's request that waits for the person's answer, as the page shows it. */
export type ConsentRequest = {
  id: string
  /** What the client calls itself. */
  name: string
  /** The host that publishes the client's metadata document, which proves that the client belongs to it; null for a client that only registered. */
  publisher: string | null
  /** Where the answer goes. */
  redirect: ReturnType<typeof placeOf>
  scopes: Scope[]
}

type FindServer = () => Promise<Provider>

/** The request with this id that was begun in this browser; null when it is unknown, answered, an hour old, or another browser's. */
export async function findConsentRequest(
  id: string,
  headers: Headers,
  find: FindServer = authorizationServer,
): Promise<ConsentRequest | null> {
  const server = await find()
  const interaction = await openInteraction(server, id, headers)
  if (!interaction) return null
  const { client_id: clientId, redirect_uri: redirectUri, scope } = interaction.params as Record<string, string>
  const client = await server.Client.find(String(clientId))
  if (!client) return null
  const publisher = client.clientIdMetadataDocument ? new URL(client.clientId).host : null
  const redirect = placeOf(String(redirectUri))
  return {
    id,
    name: client.clientName ?? publisher ?? redirect.host,
    publisher,
    redirect,
    scopes: String(scope).split(' ').filter(isScope),
  }
}

/**
 * Notes the person's answer and returns the address to go on to, which leads to the client. Throws not_found when the request is
 * gone.
 */
export async function answerConsent(
  { id, headers, session, allow }: { id: string; headers: Headers; session: Session; allow: boolean },
  find: FindServer = authorizationServer,
): Promise<string> {
  const server = await find()
  const [interaction, request] = [await openInteraction(server, id, headers), await findConsentRequest(id, headers, find)]
  if (!interaction || !request)
    throw new AppError('not_found', 'This request has expired or was answered already. Start again where you came from.')
  const { req, res } = exchangeFor(id, headers)
  if (!allow) return server.interactionResult(req, res, { error: 'access_denied', error_description: 'The person did not allow it.' })
  const { client_id: clientId, scope } = interaction.params as Record<string, string>
  const grantId = await createOauthGrant(session, {
    clientId: String(clientId),
    clientName: request.name,
    clientHost: request.publisher ?? request.redirect.host,
    scopes: String(scope).split(' '),
  })
  await noteOauthClientAllowed(String(clientId))
  const { userId } = session.caller
  await recordAudit({
    action: 'client_allowed',
    actorId: userId,
    subject: grantId,
    detail: { client: request.name, scopes: request.scopes },
  })
  return server.interactionResult(req, res, {
    login: { accountId: userId, ts: session.signedInAt, remember: false },
    consent: { grantId },
  })
}

async function openInteraction(server: Provider, id: string, headers: Headers) {
  const { req, res } = exchangeFor(id, headers)
  try {
    const interaction = await server.interactionDetails(req, res)
    return interaction.uid === id && !interaction.result ? interaction : null
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return null
    throw error
  }
}

function exchangeFor(id: string, headers: Headers) {
  const cookie = headers.get('cookie') ?? ''
  return toNodeExchange(new Request(`${env().APP_URL}/oauth/consent/${id}`, { headers: { cookie } }))
}
