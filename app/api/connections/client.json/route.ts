import { route } from '#lib/auth/route.ts'
import { describeClient, toClientMetadataUrl } from '#lib/mcp-client/accounts/account-client.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

/**
 * The client-id metadata document, which lets authorization servers know this installation without
 * registration.
 */
export const GET = route({ session: 'none' }, async () =>
  jsonResponse({ client_id: toClientMetadataUrl(), ...describeClient() }),
)
