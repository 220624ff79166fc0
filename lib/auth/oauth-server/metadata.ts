import { SCOPES } from '#lib/auth/tokens/scopes.ts'
import { env } from '#lib/platform/env.ts'

/**
 * The address of the metadata of the protected resource `/mcp` (RFC 9728, section 3.1): the
 * resource's path follows the well-known path.
 */
export function toResourceMetadataUrl(): string {
  return `${env().APP_URL}/.well-known/oauth-protected-resource/mcp`
}

/** What a client needs to get a token for `/mcp` (RFC 9728, section 2). */
export function describeProtectedResource() {
  const { APP_URL } = env()
  return {
    resource: `${APP_URL}/mcp`,
    resource_name: 'Switchboard',
    authorization_servers: [APP_URL],
    scopes_supported: Object.keys(SCOPES),
    bearer_methods_supported: ['header'],
  }
}
