import type { Secrecy } from '#lib/platform/redaction/secret-names.ts'
import { isPlaceholder } from '#lib/platform/redaction/shapes.ts'

const SHORTEST = 3

/**
 * Values that are not secrets under a telling name: words about a secret, and words of programs.
 */
const WORDS = new Set(
  `string str text char varchar number integer int boolean bool object array any unknown never void null nil none undefined true false
  yes no on off ok required optional missing empty set unset unchanged changed updated created deleted revoked expired invalid valid
  incorrect wrong weak strong hidden masked redacted encrypted forgotten reset disabled enabled enable disable unavailable available
  basic bearer digest oauth oauth2 oidc saml ldap sso jwt apikey api_key api-key anonymous public private password passwd token secret
  cookie cookies session credentials auth form header query body default auto manual new await async function return typeof the a an
  is was are must should may can will your our my this that not only and or for with from of to in at by as if see use uses used using
  enter type choose same-origin include omit same lax email sms totp required, bytes str, optional[str] self`.split(
    /\s+/,
  ),
)

/**
 * How a value was written, as far as that separates a secret from a word of a sentence or a
 * program.
 */
export type Written = {
  secrecy: Secrecy
  /** There was white space between the name, the sign and the value. */
  spaced: boolean
  /** The text directly after the value. */
  after: string
  /** The name begins its line. */
  leads: boolean
}

/** True if a quoted text or a JSON value under a telling name counts as a secret. */
export function isSecretText(value: string, secrecy: Secrecy): boolean {
  const trimmed = value.trim()
  if (trimmed === '' || isHarmless(trimmed)) return false
  if (secrecy === 'strong') return true
  return trimmed.length >= 6 && !/\s/.test(trimmed) && !/^[a-z]{1,14}$|^https?:\/\/|^\d{4}-\d\d-\d\d/.test(trimmed)
}

/** True if a bare word after a telling name and `=` or `:` counts as a secret. */
export function isSecretWord(value: string, { secrecy, spaced, after, leads }: Written): boolean {
  if (value.length < SHORTEST || isHarmless(value)) return false
  if (isCode(value, after)) return false
  if (secrecy === 'weak')
    return value.length >= 8 && /\d/.test(value) && /[A-Za-z]/.test(value) && !/^\d{4}-\d\d-\d\d|^https?:/.test(value)
  if (!/^\p{L}+$/u.test(value)) return spaced ? !isIdentifier(value) : true
  // A word of letters only: in a sentence another word follows, and a type begins with a capital.
  if (spaced)
    return !/^\s{1,4}\p{L}/u.test(after) && !/^\p{Lu}\p{Ll}/u.test(value) && (leads || /^[.!]?\s*$/.test(after))
  return true
}

function isHarmless(value: string): boolean {
  return isPlaceholder(value) || (value.length <= 24 && WORDS.has(value.toLowerCase().replace(/[.,;!?)\]}]+$/, '')))
}

function isCode(value: string, after: string): boolean {
  return /[(=]/.test(value.slice(0, 200))
    ? /^[A-Za-z_$][\w$.?!<>[\]]{0,100}(?:\([^()]{0,100}(?:\)\.[\w$]{1,40}\([^()]{0,60}){0,8}\)?|=)[);,:]*$/.test(value)
    : /^\s{0,2}[([{]/.test(after)
}

// An identifier with spaces around the sign is a name, not a secret: config.db.password,
// request.body.token, accessToken.
function isIdentifier(value: string): boolean {
  if (/^[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*){1,8}[!;,]?$/.test(value) && !/\d/.test(value)) return true
  return (
    value.length < 36 &&
    /^[A-Za-z_$][\w$]*[;,!]?$/.test(value) &&
    /pass|token|secret|key|cred|auth|session|cookie/i.test(value)
  )
}
