import { type ClientMetadata, errors } from 'oidc-provider'
import { isLoopback } from '#lib/platform/env.ts'
import { toStorable } from '#lib/platform/json/to-storable.ts'

const URIS_MAX = 20
const URI_MAX_CHARS = 1_000
const NAME_MAX_CHARS = 100
// Schemes that a system or browser opens by itself, and schemes that have been used to run code. A
// real app has links of its own.
const NO_APP = new RegExp(
  `^(?:${[
    // of browsers
    'about|blob|data|file|filesystem|jar|javascript|vbscript|view-source|resource|res|mk|mhtml|content|wyciwyg|feed',
    '(?:chrome|edge|brave|opera|vivaldi|moz|safari|ms-browser|extension)(?:-[a-z-]+)?',
    // of Windows, Office, macOS, iOS and Android
    'ms-[a-z0-9.-]+|search(?:-ms)?|shell|microsoft(?:\\.|-)[a-z0-9.-]+|windowsdefender|onenote(?:-[a-z]+)?|grvopen|odopen|its|jnlps?|outlook[a-z-]*|cmd|powershell|hcp|help',
    'applescript|x-apple[a-z0-9.-]*|x-man-page|x-help-[a-z-]+|x-radar|rdar|terminal|itms[a-z-]*|macappstores?|prefs|app-(?:prefs|settings)|shortcuts|facetime(?:-audio)?',
    'android-app|intent|market|package',
    // of mail, telephones, money, places
    'steam|zoommtg|zoomus|mailto|mid|cid|tel|callto|sips?|skype|smsto|sms|mmsto|mms|facetime|xmpp|im|geo|maps|webcals?|bitcoin|lightning|ethereum|magnet',
    // of other protocols
    'wss?|s?ftps?|tftp|gopher|telnet|rlogin|tn3270|ssh|scp|rsync|ldaps?|smb|cifs|nfs|afp|vnc|rdp|ipps?|lpd|printer|imaps?|pop3?|nntps?|news|snews|ircs?|git|svn|davs?|rtsps?|rtmps?|mailserver|ws-discovery',
  ].join('|')}):$`,
)
// For URIs that lead to a host: the letters of a name, or an IPv6 address. A star would match hosts
// that were never named.
const HOST = /^(?:[a-z0-9_-]+\.)*[a-z0-9_-]+\.?$|^\[[0-9a-f:.]+\]$/i
const GRANT_TYPES = ['authorization_code', 'refresh_token']

/**
 * Applies our rules to a client's metadata, whether it registers or publishes a metadata document.
 * Corrects what it can in place, and throws invalid_client_metadata for other violations.
 * oidc-provider checks the rest.
 */
export function applyClientRules(metadata: ClientMetadata): void {
  if (JSON.stringify(toStorable(metadata)) !== JSON.stringify(metadata))
    throw new errors.InvalidClientMetadata('the metadata hold characters that cannot be stored')
  const { client_name: name, redirect_uris: uris } = metadata
  if (
    name !== undefined &&
    (typeof name !== 'string' || [...name].length > NAME_MAX_CHARS || /[\p{C}\p{Zl}\p{Zp}]/u.test(name))
  )
    throw new errors.InvalidClientMetadata(
      `client_name must be text of ${NAME_MAX_CHARS} characters at most that can all be shown`,
    )
  if (Array.isArray(uris)) {
    if (uris.length > URIS_MAX)
      throw new errors.InvalidClientMetadata(`redirect_uris must not have more than ${URIS_MAX} members`)
    for (const uri of uris) checkRedirectUri(uri)
  }
  // Clients ask for everything they know. RFC 7591 lets us leave out what we do not support.
  if (Array.isArray(metadata.grant_types))
    metadata.grant_types = metadata.grant_types.filter((type) => GRANT_TYPES.includes(type))
  if (Array.isArray(metadata.response_types))
    metadata.response_types = metadata.response_types.filter((type) => type === 'code')
  // A registered scope would stop a client from asking for more later, which step-up authorization
  // needs.
  delete metadata.scope
  // oidc-provider would fetch it at once, for pairwise subjects, which we do not support.
  delete metadata.sector_identifier_uri
}

function checkRedirectUri(uri: unknown): void {
  // Programs disagree on how to read characters that RFC 3986 does not allow.
  const whole = typeof uri === 'string' && uri.length <= URI_MAX_CHARS && /^[!-~]+$/.test(uri) && !uri.includes('\\')
  const url = whole ? URL.parse(uri) : null
  if (!url)
    throw new errors.InvalidClientMetadata(
      `redirect_uris must be addresses of ${URI_MAX_CHARS} ASCII characters at most, without spaces`,
    )
  if (url.username || url.password) throw new errors.InvalidClientMetadata('redirect_uris must not hold a password')
  if (NO_APP.test(url.protocol))
    throw new errors.InvalidClientMetadata(
      `redirect_uris must not use the ${url.protocol} scheme, which is no app's own`,
    )
  const web = url.protocol === 'http:' || url.protocol === 'https:'
  if ((web || url.hostname) && !HOST.test(url.hostname))
    throw new errors.InvalidClientMetadata('redirect_uris must name one host, without wildcards')
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new errors.InvalidClientMetadata('redirect_uris must use https, but for those on this machine')
}

/**
 * Where the answer to this redirect URI goes, in words for people: a host, or the scheme of an
 * app's links.
 */
export function placeOf(redirectUri: string): { host: string; kind: 'web' | 'this computer' | 'app' } {
  const { protocol, hostname, host } = new URL(redirectUri)
  if (protocol !== 'https:' && protocol !== 'http:') return { host: protocol, kind: 'app' }
  return isLoopback(hostname) ? { host: hostname, kind: 'this computer' } : { host, kind: 'web' }
}
