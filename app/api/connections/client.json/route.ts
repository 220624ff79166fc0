import { json } from '#lib/http.ts'
import { clientMetadata, clientMetadataUrl } from '#lib/mcp-client/account-client.ts'

/** The client-id metadata document, by which authorization servers know this installation without registering it. */
export const GET = async () => json({ client_id: clientMetadataUrl(), ...clientMetadata() })
