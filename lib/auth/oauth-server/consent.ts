import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import { openAuthorizationServer } from '#lib/auth/oauth-server/authorization-server.ts'
import { placeOf } from '#lib/auth/oauth-server/client-rules.ts'
import { toNodeExchange } from '#lib/auth/oauth-server/node-exchange.ts'
import type { Session } from '#lib/auth/sessions/session.ts'
import { isScope, type Scope } from '#lib/auth/tokens/scopes.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { noteOauthClientAllowed } from '#lib/data/oauth/oauth-clients.ts'
import { createOauthGrant } from '#lib/data/oauth/oauth-grants.ts'
import { consumeOauthRecord } from '#lib/data/oauth/oauth-records.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'

/** A client's request that waits for the person's answer, as the page shows it. */
export type ConsentRequest = {
  id: string
  /** The name that the client gives itself. */
  name: string
  /**
   * The host that publishes the client's metadata document, which proves that the client belongs to
   * it. Null if the client only registered.
   */
  publisher: string | null
  /** Where the answer goes. */
  redirect: ReturnType<typeof placeOf>
  scopes: Scope[]
}

type FindServer = () => Promise<Provider>

const AGAIN = 'Start again where you came from.'

/**
 * Returns the request with this id if it was started in this browser. Null if it is unknown,
 * answered, an hour old, or another browser's.
 */
export async function findConsentRequest(
  id: string,
  headers: Headers,
  find: FindServer = openAuthorizationServer,
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
 * Records the person's answer and returns the address to continue to, which leads to the client.
 * `scopes` are the requested scopes that the person grants; all of them if omitted. Throws
 * not_found if the request is gone, conflict if it was answered at the same moment, bad_request if
 * nothing is granted.
 */
export async function answerConsent(
  {
    id,
    headers,
    session,
    allow,
    scopes,
  }: { id: string; headers: Headers; session: Session; allow: boolean; scopes?: string[] },
  find: FindServer = openAuthorizationServer,
): Promise<string> {
  const server = await find()
  const [interaction, request] = [
    await openInteraction(server, id, headers),
    await findConsentRequest(id, headers, find),
  ]
  if (!interaction || !request)
    throw new AppError('not_found', `This request has expired or was answered already. ${AGAIN}`)
  const granted = request.scopes.filter((scope) => scopes?.includes(scope) ?? true)
  if (allow && granted.length === 0)
    throw new AppError('bad_request', 'Choose at least one thing that it may do, or deny.')
  // If two tabs answer at once, the first one counts.
  if (!(await consumeOauthRecord('Interaction', id)))
    throw new AppError('conflict', `This request was answered already. ${AGAIN}`)
  const { req, res } = exchangeFor(id, headers)
  if (!allow)
    return server.interactionResult(req, res, {
      error: 'access_denied',
      error_description: 'The person did not allow it.',
    })
  const { client_id: clientId, scope } = interaction.params as Record<string, string>
  const identity = String(scope)
    .split(' ')
    .filter((one) => !isScope(one))
  const grantId = await createOauthGrant(session, {
    clientId: String(clientId),
    clientName: request.name,
    clientHost: request.publisher ?? request.redirect.host,
    scopes: [...identity, ...granted],
  })
  await noteOauthClientAllowed(String(clientId))
  const { userId } = session.caller
  await recordAudit({
    action: 'client_allowed',
    actorId: userId,
    subject: grantId,
    detail: { client: request.name, scopes: granted },
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
