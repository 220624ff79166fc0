import { quotedAt } from '#lib/redaction/quoted.ts'
import { secrecyOf } from '#lib/redaction/secret-names.ts'
import { isSecretText, isSecretWord } from '#lib/redaction/secret-values.ts'
import type { Span } from '#lib/redaction/spans.ts'

const HINT = /passw|passp|passc|pwd|identified|auth|cookie|x-|-[A-Za-z]/i
const BEFORE_QUOTES = /(?<![\w-])(?:password|passwd|passphrase|passcode|pwd|identified by)\s{1,8}(?=\\{0,8}["'])/gi
const FLAG = /(?<![\w-])--?([A-Za-z][\w-]{1,40})[ \t]{1,4}(?![-"'])([^\s"'`|<>]{1,512})/g
const LISTED_HEADER =
  /["'](?:(?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{0,40}(?:token|key|secret))\\{0,8}["']\s{0,4},\s{0,8}(?=\\{0,8}["'])/gi
const NETRC = /(?<!\w)login[ \t\n]{1,8}\S{1,128}[ \t\n]{1,8}password[ \t\n]{1,8}(\S{1,256})/gi

/** The places of secrets that follow their name without a sign: `--password x`, `password "x"`, .netrc. */
export function findSpoken(text: string): Span[] {
  const spans: Span[] = []
  if (!HINT.test(text)) return spans
  for (const { 0: match, index } of text.matchAll(BEFORE_QUOTES)) {
    const quoted = quotedAt(text, index + match.length, 512)
    if (quoted && isSecretText(text.slice(quoted.start, quoted.end), 'strong')) spans.push(quoted)
  }
  for (const { 0: match, index } of text.matchAll(LISTED_HEADER)) {
    const quoted = quotedAt(text, index + match.length)
    if (quoted && /[\s\d]/.test(text.slice(quoted.start, quoted.end))) spans.push(quoted)
  }
  for (const { 0: match, 1: name = '', 2: value = '', index } of text.matchAll(FLAG)) {
    const end = index + match.length
    const written = { secrecy: 'strong', spaced: true, after: text.slice(end, end + 24), leads: true } as const
    if (secrecyOf(name) === 'strong' && isSecretWord(value, written)) spans.push({ start: end - value.length, end })
  }
  for (const { 0: match, 1: password = '', index } of text.matchAll(NETRC))
    spans.push({ start: index + match.length - password.length, end: index + match.length })
  return spans
}
