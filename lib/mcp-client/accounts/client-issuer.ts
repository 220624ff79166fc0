import { bindClientIssuer, findClientIssuer } from '#lib/data/servers/client-issuers.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { AppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'

const ISSUER_MAX_CHARS = 2_000

/** A client that an admin registered by hand at an authorization server. `issuer` is that server's. */
type HandMadeClient = { clientId: string; issuer?: string | undefined }

/** The client that an admin registered by hand for a server, if there is one. */
export function findHandMadeClient({ config }: McpServer): HandMadeClient | undefined {
  const { identity } = config ?? {}
  return identity?.kind === 'oauth' && identity.clientId
    ? { clientId: identity.clientId, issuer: identity.issuer }
    : undefined
}

/**
 * Throws conflict unless `issuer` is the authorization server of the client that an admin registered
 * by hand. If the admin did not name it, the first one that the server names counts from then on:
 * a server must not be able to send the client's secret elsewhere.
 */
export async function requireClientIssuer(
  server: McpServer,
  client: HandMadeClient,
  issuer: string | undefined,
): Promise<void> {
  if (issuer === undefined || issuer.length > ISSUER_MAX_CHARS) throw signsInElsewhere(server)
  const bound = client.issuer ?? (server.id && (await bindClientIssuer(server.id, client.clientId, issuer)))
  if (!bound || isSameIssuer(bound, issuer)) return
  log.warn(
    { server: server.name, issuer, bound },
    'an MCP server names another authorization server than its client has',
  )
  throw signsInElsewhere(server)
}

/** The issuer that a server's client registered by hand belongs to, as far as it is known. */
export async function findBoundIssuer(server: McpServer): Promise<string | undefined> {
  const client = findHandMadeClient(server)
  if (!client) return undefined
  return client.issuer ?? (server.id && (await findClientIssuer(server.id, client.clientId))) ?? undefined
}

/** True for two spellings of one issuer: people add or leave out the last slash. */
export function isSameIssuer(one: string, other: string): boolean {
  return one.replace(/\/$/, '') === other.replace(/\/$/, '')
}

function signsInElsewhere({ name }: McpServer): AppError {
  return new AppError(
    'conflict',
    `${name} now signs in somewhere else than your administrator set up, so nothing was sent there. Tell your administrator.`,
  )
}
