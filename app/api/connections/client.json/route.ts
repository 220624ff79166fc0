import { clientMetadata, clientMetadataUrl } from '#lib/mcp-client/accounts/account-client.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

/** The client-id metadata document, by which authorization servers know this installation without registering it. */
export const GET = async () => jsonResponse({ client_id: clientMetadataUrl(), ...clientMetadata() })
