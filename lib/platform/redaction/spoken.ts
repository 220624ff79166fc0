import { findQuoted } from '#lib/platform/redaction/quoted.ts'
import { findSecrecy } from '#lib/platform/redaction/secret-names.ts'
import { isSecretText, isSecretWord } from '#lib/platform/redaction/secret-values.ts'
import type { Span } from '#lib/platform/redaction/spans.ts'

const HINT =
  /&(?:quot|#34|#x22);|mysql|docker|redis-cli|passw|secret|token|key|passp|passc|pwd|identified|auth|cookie|x-|-[A-Za-z]/i
const BEFORE_QUOTES = /(?<![\w-])(?:password|passwd|passphrase|passcode|pwd|identified by)\s{1,8}(?=\\{0,8}["'])/gi
const FLAG = /(?<![\w-])--?([A-Za-z][\w-]{1,40})[ \t]{1,4}(?![-"'])([^\s"'`|<>]{1,512})/g
const LISTED_HEADER =
  /["'](?:(?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{0,40}(?:token|key|secret))\\{0,8}["']\s{0,4},\s{0,8}(?=\\{0,8}["'])/gi
const NETRC = /(?<!\w)login[ \t\n]{1,8}\S{1,128}[ \t\n]{1,8}password[ \t\n]{1,8}(\S{1,256})/gi

// Names and values that are strings of a program: define('DB_PASSWORD', 'x'), ["password", "x"],
// setPassword("x").
const LISTED = /["']([\w. -]{2,60})\\{0,8}["']\s{0,4},\s{0,8}(?=\\{0,8}["'])/g
const SETTER = /(?<![\w$])(?:set|with|use)([A-Z]\w{2,60})\(\s{0,4}(?=\\{0,8}["'])/g
const ENTITIES = /&(quot|#34|#x22);([\w. -]{2,60})&\1;\s{0,4}[:=]\s{0,4}&\1;([^&\n]{3,512})/gi
const ROW = /\|[ \t*`]{0,8}([\w. -]{2,60}?)[ \t*`]{0,8}\|[ \t*`]{0,8}([^\s|`]{6,512})(?=[ \t*`]{0,8}\|)/g
// What -p and -a mean to these programs only.
const SHORT_FLAG =
  /(?:(?<![\w-])(?:sshpass\s{1,4}-p|(?:docker|podman|helm registry|az|oc)\s[^\n|;]{0,200}?\s-p|redis-cli\s[^\n|;]{0,200}?-a)\s{0,4}=?|(?<![\w-])(?:mysql|mysqldump|mysqladmin|mariadb)\s[^\n|;]{0,200}?(?<=\s)-p)(["']?)([^\s"'-][^\s"']{2,256})\1/g

/** Finds secrets that follow their name without a sign: `--password x`, `password "x"`, .netrc. */
export function findSpoken(text: string): Span[] {
  const spans: Span[] = []
  if (!HINT.test(text)) return spans
  for (const { 0: match, index } of text.matchAll(BEFORE_QUOTES)) {
    const quoted = findQuoted(text, index + match.length, 512)
    if (quoted && isSecretText(text.slice(quoted.start, quoted.end), 'strong')) spans.push(quoted)
  }
  for (const { 0: match, index } of text.matchAll(LISTED_HEADER)) {
    const quoted = findQuoted(text, index + match.length)
    if (quoted && /[\s\d]/.test(text.slice(quoted.start, quoted.end))) spans.push(quoted)
  }
  for (const pattern of [LISTED, SETTER])
    for (const { 0: match, 1: name = '', index } of text.matchAll(pattern)) {
      if (findSecrecy(name) !== 'strong') continue
      const quoted = findQuoted(text, index + match.length, 512)
      if (quoted && isOdd(text.slice(quoted.start, quoted.end))) spans.push(quoted)
    }
  for (const { 0: match, 2: name = '', 3: value = '', index } of text.matchAll(ENTITIES))
    if (findSecrecy(name) === 'strong' && isSecretText(value, 'strong'))
      spans.push({ start: index + match.length - value.length, end: index + match.length })
  for (const { 0: match, 1: name = '', 2: value = '', index } of text.matchAll(ROW))
    if (findSecrecy(name) === 'strong' && isOdd(value))
      spans.push({ start: index + match.length - value.length, end: index + match.length })
  for (const { 0: match, 1: quote = '', 2: value = '', index } of text.matchAll(SHORT_FLAG)) {
    const end = index + match.length - quote.length
    if (!/^\d{1,5}(?::\d{1,5})?$/.test(value) && isSecretText(value, 'strong'))
      spans.push({ start: end - value.length, end })
  }
  for (const { 0: match, 1: name = '', 2: value = '', index } of text.matchAll(FLAG)) {
    const end = index + match.length
    const written = { secrecy: 'strong', spaced: true, after: text.slice(end, end + 24), leads: true } as const
    if (findSecrecy(name) === 'strong' && isSecretWord(value, written)) spans.push({ start: end - value.length, end })
  }
  for (const { 0: match, 1: password = '', index } of text.matchAll(NETRC))
    spans.push({ start: index + match.length - password.length, end: index + match.length })
  return spans
}

/** True for text that is neither a word nor a name, as most texts in a list are. */
function isOdd(value: string): boolean {
  return (
    value.length >= 6 &&
    !/\s/.test(value) &&
    /\d/.test(value) &&
    /[A-Za-z]/.test(value) &&
    isSecretText(value, 'weak') &&
    !/pass|token|secret|key|code/i.test(value)
  )
}
