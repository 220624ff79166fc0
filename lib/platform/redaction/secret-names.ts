/**
 * How much a name tells. Under a `strong` name every value is a secret; under a `weak` one only a
 * value that looks like nothing else.
 */
export type Secrecy = 'strong' | 'weak'

const NAME_MAX_CHARS = 100

// Words that may follow the telling one: password_confirmation, tokenValue, SECRET_2.
const TRAILING =
  /(?: (?:value|string|data|text|plain|plaintext|raw|encoded|base64|b64|hash|digest|confirmation|confirm|repeat|again|old|new|current|header|env|json|prod|dev|test|live|\d+))+$/

// Names are compared as lower-case words separated by one space. The last words decide.
const STRONG = new RegExp(
  `(?:${[
    'pass ?(?:word|wd|phrase|code|key|wort)s?',
    'pwd|pswd|contraseña|kennwort|mot de passe|senha|wachtwoord|hasło|lösenord|adgangskode|şifre|пароль|密码|密碼|口令|パスワード|暗証番号|비밀번호|암호',
    '(?:^|client|shared|app|webhook|token|consumer|api|user|db|jwt|totp|otp|mfa|signing|session) ?secrets?|(?:^| )secrets?',
    'token',
    '(?:api|app|access|secret|private|signing|signature|encryption|master|account|shared|auth|session|ssh|deploy|license|storage|webhook|hmac|rsa|pgp|gpg|admin|subscription) ?keys?',
    'secret ?access ?key|key ?material|private ?pem',
    'authorization',
    'client ?assertion|saml ?(?:response|assertion)|code ?verifier|device ?code',
    'cookies?',
    'credentials?|(?:^| )creds?',
    'mnemonic|(?:seed|recovery|secret|mnemonic|backup) ?(?:phrase|words?)',
    '(?:recovery|backup|verification|security|one ?time|otp|totp|mfa|2fa|2 fa|two factor|auth|authorization|activation|unlock|reset|login|scratch|pin) ?codes?',
    'conn(?:ection)? ?(?:string|str|uri)|database url|db url|redis url|mongo(?:db)? ur[il]|broker url|webhook url',
    '(?:^| )(?:otp|totp|mfa|pin|cvv|cvc|csc|cvv2|cvc2|jwt|jws|dsn|psk|bearer|pat|kubeconfig|htpasswd)',
    '(?:php|j|asp ?net|connect)? ?sess(?:ion)? ?id|(?:^| )sid',
    '(?:card|credit ?card|cc) ?(?:number|no|num)',
  ].join('|')})$`,
)
const WEAK = /(?:^| )(?:auth|session|sess|pass|pw|tokens|xsrf|csrf)$/

// Names that end in a telling word but mean something else: a position in a list, a count, a word
// of a text.
const HARMLESS =
  /(?:^| )(?:(?:next|previous|prev|page|pagination|continuation|continue|cursor|sync|start|end|resume|progress|skip|unk|pad|eos|bos|mask|sep|cls|stop|special|design|max|min|per|last|first|invalid|unexpected|syntax) ?(?:page )?tokens?|(?:forgot|reset|change|min|max|no|has|is|requires?|public|shift|foreign|primary) (?:pass ?word|secrets?|key)|public ?key|(?:error|status|exit|country|zip|postal|area|currency|language) codes?)$/

/**
 * Whether values under this name are secrets: `db_password`, `accessToken`, `X-Api-Key`, `the API
 * key`. Undefined if the name tells nothing. Reads only the last 100 characters, so the cost has a
 * limit for any length.
 */
export function findSecrecy(name: string): Secrecy | undefined {
  if (name.length < 2) return undefined
  const words = wordsOf(name)
  if (words === '' || HARMLESS.test(words)) return undefined
  if (STRONG.test(words)) return 'strong'
  if (WEAK.test(words)) return 'weak'
  const shorter = words.replace(TRAILING, '').replace(/\d+$/, '')
  if (shorter === words) return undefined
  // Something derived from a password is a secret; something derived from a session only names it.
  return STRONG.test(shorter) && !HARMLESS.test(shorter) ? 'strong' : undefined
}

function wordsOf(name: string): string {
  return name
    .slice(-NAME_MAX_CHARS)
    .replace(/%(?:25)?[\da-f]{2}/gi, ' ')
    .normalize('NFKC')
    .replace(/\p{DI}/gu, '')
    .replace(/(\p{Ll}|\d)(?=\p{Lu})/gu, '$1 ')
    .replace(/(\p{Lu})(?=\p{Lu}\p{Ll})/gu, '$1 ')
    .replace(/[^\p{L}\d]+/gu, ' ')
    .trim()
    .toLowerCase()
}

/**
 * Fields that hold the name of a value next to them, and below, fields that hold such a value: `{
 * name: 'password', value: 'x' }`.
 */
export const NAMING = /^(?:name|key|field|header|parameter|param|variable|var|attribute|property|label|id|k)$/i
export const VALUING = /^(?:value|val|v|secret_?value|string_?value|plain_?text)$/i
