import type { Span } from '#lib/platform/redaction/spans.ts'
import { findVendorTokens } from '#lib/platform/redaction/vendor-shapes.ts'

/**
 * Finds everything that looks like a secret, whatever the text around it. `cut` means that the text
 * continues, unseen, after its end.
 */
export function findShapes(text: string, cut = false): Span[] {
  const spans = findVendorTokens(text)
  if (text.includes('eyJ')) findJwts(text, cut, spans)
  if (text.includes('PRIVATE KEY') || text.includes('PuTTY')) findKeyBlocks(text, spans)
  if (text.includes('/')) findUrlPasswords(text, spans)
  if (SCHEMES.test(text)) findSchemes(text, spans)
  findCards(text, spans)
  return spans
}

const JWT_RUN = /[\w.-]{20,}/g
const JWT_HEAD = /(?<![A-Za-z0-9])eyJ[\w-]{6,}/

/**
 * Finds JSON Web Tokens with at least two parts. Each run of their characters is split at its dots
 * once.
 */
function findJwts(text: string, cut: boolean, spans: Span[]): void {
  for (const { 0: run, index } of text.matchAll(JWT_RUN)) {
    const parts = run.split('.')
    let at = index
    for (const [place, part] of parts.entries()) {
      const head = JWT_HEAD.exec(part)
      const next = parts[place + 1]
      const goesOn = next === undefined ? cut && at + part.length === text.length : next.length >= 8
      if (head && goesOn) {
        spans.push({ start: at + head.index, end: index + run.length })
        break
      }
      at += part.length + 1
    }
  }
}

// A header without a key after it is only an explanation.
const KEY_BLOCK =
  /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?=(?:[\s>|#*]|\\{1,64}[nr]|[\w-]{1,30}: [^\n\\]{0,200}(?:\n|\\{1,64}[nr])){0,40}[A-Za-z0-9+/=]{16})/g
const KEY_END = /-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g
const PUTTY = /PuTTY-User-Key-File-\d/g

/** Finds PEM, PGP and PuTTY private keys. A key without an end reaches to the end of the text. */
function findKeyBlocks(text: string, spans: Span[]): void {
  KEY_BLOCK.lastIndex = 0
  for (let begin = KEY_BLOCK.exec(text); begin; begin = KEY_BLOCK.exec(text)) {
    KEY_END.lastIndex = KEY_BLOCK.lastIndex
    const end = KEY_END.exec(text) ? KEY_END.lastIndex : text.length
    spans.push({ start: begin.index, end })
    KEY_BLOCK.lastIndex = end
  }
  const putty = text.search(PUTTY)
  if (putty >= 0) spans.push({ start: putty, end: text.length })
}

const URL_START = /(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,30}:(?:\\{0,8}\/){2}/g
const URL_END = /[\s"'<>`\\|]/
const URL_MAX_CHARS = 2_048
// Up to the last @ before path, query or fragment: a password may contain an @ that should have
// been encoded.
const WITH_PASSWORD = /^([^:/?#[]{0,256}):([^/?#]{1,1024})@/
// A slash or question mark in the password should have been encoded, too. Digits that look like a
// port are one.
const UNENCODED = /^([^:/?#[]{0,256}):(?!\d{1,5}(?:[/?#]|$))([^,;&]{1,256})@/
const TOKEN_AS_USER = /^([A-Za-z0-9_-]{20,256})@/

/** Finds passwords in URLs of any scheme, and tokens in place of the user name. */
function findUrlPasswords(text: string, spans: Span[]): void {
  URL_START.lastIndex = 0
  for (let begin = URL_START.exec(text); begin; begin = URL_START.exec(text)) {
    const start = URL_START.lastIndex
    const rest = text.slice(start, start + URL_MAX_CHARS)
    const length = rest.search(URL_END)
    const address = length < 0 ? rest : rest.slice(0, length)
    URL_START.lastIndex = start + address.length
    const secret = passwordIn(address)
    if (secret) spans.push({ start: start + secret.start, end: start + secret.end })
  }
}

function passwordIn(address: string): Span | undefined {
  const [, user = '', password] = WITH_PASSWORD.exec(address) ?? UNENCODED.exec(address) ?? []
  if (password !== undefined)
    return isPlaceholder(password) ? undefined : { start: user.length + 1, end: user.length + 1 + password.length }
  const [, token] = TOKEN_AS_USER.exec(address) ?? []
  return token && /\d/.test(token) && /[A-Za-z]/.test(token) ? { start: 0, end: token.length } : undefined
}

const SCHEMES = /bearer|basic|api-?key|-u|user/i
const BEARER = /(?<![A-Za-z0-9])(?:Bearer|ApiKey|Api-Key)\s{1,4}([\w.~+/-]{12,}=*)/gi
const BASIC = /(?<![A-Za-z0-9])Basic\s{1,4}([A-Za-z0-9+/_-]{6,}={0,2})/gi
const CURL_USER = /(?<![^\s])(?:-u|--user|--proxy-user)[ =]{1,4}["']?([^\s:"']{1,128}):([^\s"']{3,256})/g

/** Finds what follows the name of an authentication scheme. */
function findSchemes(text: string, spans: Span[]): void {
  for (const { 0: match, 1: token = '', index } of text.matchAll(BEARER))
    if (/\d/.test(token) || token.length >= 20)
      spans.push({ start: index + match.length - token.length, end: index + match.length })
  for (const { 0: match, 1: token = '', index } of text.matchAll(BASIC))
    if (isUserAndPassword(token)) spans.push({ start: index + match.length - token.length, end: index + match.length })
  for (const { 0: match, 2: password = '', index } of text.matchAll(CURL_USER))
    if (!isPlaceholder(password))
      spans.push({ start: index + match.length - password.length, end: index + match.length })
}

function isUserAndPassword(token: string): boolean {
  const said = Buffer.from(token.slice(0, 4_000), 'base64').toString('latin1')
  return said.includes(':') && /^[\x20-\x7e]+$/.test(said)
}

const PLACEHOLDER =
  /^(?:<[^>]*>?|\[[^\]]*\]|\$\{?[A-Za-z_(][^}]*\}?|\{\{?[^}]*\}{0,2}|%[A-Za-z_]{1,40}%|[*•]+|[xX]{3,}|\.{2,}|…|your[-_].*)$/

/**
 * True for a placeholder that documents use instead of a secret: `<password>`, `${TOKEN}`, `***`,
 * `xxx`.
 */
export function isPlaceholder(value: string): boolean {
  return value.length <= 64 && PLACEHOLDER.test(value)
}

// 13 to 19 digits in a row, or in the groups that cards print; not inside a longer run or another
// number.
const CARD =
  /(?<!\w|\w-|\d[.,])(?:\d{13,19}|\d{4}([ \u00A0.-])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ \u00A0.-])\d{6}\2\d{4,5})(?![\w]|-\w|\.\d)/g
/** The prefixes and lengths of card numbers of the large brands. */
const BRANDS =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|2720\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|4[4-9]\d|5\d\d)\d{12}(?:\d{3})?|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17}|(?:5018|5020|5038|6304|6759|676[1-3])\d{8,15})$/

function findCards(text: string, spans: Span[]): void {
  for (const { 0: match, index } of text.matchAll(CARD))
    if (isCardNumber(match.replace(/\D/g, ''))) spans.push({ start: index, end: index + match.length })
}

/** True for digits with the prefix, length and check digit of a card number. */
export function isCardNumber(digits: string): boolean {
  return BRANDS.test(digits) && passesLuhn(digits)
}

function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let place = 0; place < digits.length; place += 1) {
    const digit = Number(digits[digits.length - 1 - place])
    const doubled = place % 2 === 0 ? digit : digit * 2
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
