import { route } from '#lib/auth/route.ts'
import { describeClient } from '#lib/mcp-client/accounts/account-client.ts'
import { env } from '#lib/platform/env.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

/**
 * The earlier address of the client-id metadata document. Authorization servers that know this
 * installation by it go on reading it.
 */
export const GET = route({ session: 'none' }, async () =>
  jsonResponse({ client_id: `${env().APP_URL}/api/connections/client.json`, ...describeClient() }),
)
