import { type ClientMetadata, errors } from 'oidc-provider'
import { isLoopback } from '#lib/env.ts'
import { storable } from '#lib/storable.ts'

const URIS_MAX = 20
const URI_MAX_CHARS = 1_000
const NAME_MAX_CHARS = 100
// What every system opens by itself. oidc-provider refuses the schemes that run or show something in the browser.
const NO_APP = /^(wss?|s?ftps?|mailto|tel|sms|view-source|intent|ssh|ldaps?|smb|nfs):$/
const GRANT_TYPES = ['authorization_code', 'refresh_token']

/**
 * Our rules for what a client says of itself, whether it registers or publishes a metadata document. Changes what can be put
 * right and throws invalid_client_metadata or invalid_redirect_uri for the rest; oidc-provider checks the rest.
 */
export function applyClientRules(metadata: ClientMetadata): void {
  if (JSON.stringify(storable(metadata)) !== JSON.stringify(metadata))
    throw new errors.InvalidClientMetadata('the metadata hold characters that cannot be stored')
  const { client_name: name, redirect_uris: uris } = metadata
  if (name !== undefined && (typeof name !== 'string' || [...name].length > NAME_MAX_CHARS || /[\p{C}\p{Zl}\p{Zp}]/u.test(name)))
    throw new errors.InvalidClientMetadata(`client_name must be text of ${NAME_MAX_CHARS} characters at most that can all be shown`)
  if (Array.isArray(uris)) {
    if (uris.length > URIS_MAX) throw new errors.InvalidClientMetadata(`redirect_uris must not have more than ${URIS_MAX} members`)
    for (const uri of uris) checkRedirectUri(uri)
  }
  // Clients ask for whatever they know; RFC 7591 lets us leave out what we do not have.
  if (Array.isArray(metadata.grant_types)) metadata.grant_types = metadata.grant_types.filter((type) => GRANT_TYPES.includes(type))
  if (Array.isArray(metadata.response_types)) metadata.response_types = metadata.response_types.filter((type) => type === 'code')
  // A registered scope would bar a client from asking for more later, which is how step-up works.
  delete metadata.scope
  // It would be fetched at once, for pairwise subjects, which we do not have.
  delete metadata.sector_identifier_uri
}

function checkRedirectUri(uri: unknown): void {
  // Of what RFC 3986 does not allow, each program reads something else.
  const whole = typeof uri === 'string' && uri.length <= URI_MAX_CHARS && /^[!-~]+$/.test(uri) && !uri.includes('\\')
  const url = whole ? URL.parse(uri) : null
  if (!url)
    throw new errors.InvalidClientMetadata(`redirect_uris must be addresses of ${URI_MAX_CHARS} ASCII characters at most, without spaces`)
  if (url.username || url.password) throw new errors.InvalidClientMetadata('redirect_uris must not hold a password')
  if (NO_APP.test(url.protocol))
    throw new errors.InvalidClientMetadata(`redirect_uris must not use the ${url.protocol} scheme, which is no app's own`)
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new errors.InvalidClientMetadata('redirect_uris must use https, but for those on this machine')
}

/** Where an answer to this redirect URI goes, for people: a host, or the scheme of an app's own links. */
export function placeOf(redirectUri: string): { host: string; kind: 'web' | 'this computer' | 'app' } {
  const { protocol, hostname, host } = new URL(redirectUri)
  if (protocol !== 'https:' && protocol !== 'http:') return { host: protocol, kind: 'app' }
  return isLoopback(hostname) ? { host: hostname, kind: 'this computer' } : { host, kind: 'web' }
}
