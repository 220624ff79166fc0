import { route } from '#lib/auth/route.ts'
import { describeClient, toClientMetadataUrl } from '#lib/mcp-client/accounts/account-client.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

/**
 * The client-id metadata document, which lets authorization servers know this installation without
 * registration. Its address is our client id there, so it is short and at the root.
 */
export const GET = route({ session: 'none' }, async () =>
  jsonResponse({ client_id: toClientMetadataUrl(), ...describeClient() }),
)
