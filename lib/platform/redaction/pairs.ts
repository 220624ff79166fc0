import { findBlock, findElement, findMultipartValue } from '#lib/platform/redaction/markup.ts'
import { findNameBefore, isAtLineStart, type PairName, readLastWord } from '#lib/platform/redaction/pair-names.ts'
import { findEndOfBrackets, findQuoted } from '#lib/platform/redaction/quoted.ts'
import { findSecrecy, NAMING, type Secrecy, VALUING } from '#lib/platform/redaction/secret-names.ts'
import { isSecretText, isSecretWord } from '#lib/platform/redaction/secret-values.ts'
import type { Span } from '#lib/platform/redaction/spans.ts'

// Finds names and their values in a text of any format: JSON (also inside JSON), fences, NDJSON,
// YAML, forms, URLs, headers, settings, XML, multipart. Nothing is parsed. Each sign that may
// separate a name from its value is inspected once, the name is searched within a bounded distance
// before it, and a value that was found is not inspected again. So the time is proportional to the
// text.

const SIGN = /=>|:=|[=:：{}<>]|%(?:25)?3[ad]|\bis\b/gi
/** How many characters of a value are inspected to decide whether it is a secret. */
const LOOK_CHARS = 256
const NESTED_MAX = 64

/**
 * The state of the enclosing object: a value whose name has not been seen yet, or a telling name
 * whose value has not.
 */
type Siblings = { value?: Span; armed?: boolean }

/**
 * Finds all values whose names mark them as secrets, and all values under the names in `hidden`
 * (lower case).
 */
export function findPairs(text: string, hidden: ReadonlySet<string>): Span[] {
  const spans: Span[] = []
  let siblings: Siblings = {}
  const outer: Siblings[] = []
  SIGN.lastIndex = 0
  for (let sign = SIGN.exec(text); sign; sign = SIGN.exec(text)) {
    const found = sign[0].toLowerCase()
    if (found === '{') {
      if (outer.length < NESTED_MAX) outer.push(siblings)
      siblings = {}
    } else if (found === '}') siblings = outer.pop() ?? {}
    else if (found === '<') spans.push(...findElement(text, sign.index))
    else if (found === '>') siblings = {}
    else {
      const span = pairAt(text, sign.index, found, siblings, spans, hidden)
      if (!span) continue
      spans.push(span)
      SIGN.lastIndex = Math.max(SIGN.lastIndex, span.end)
    }
  }
  return spans
}

function pairAt(
  text: string,
  at: number,
  sign: string,
  siblings: Siblings,
  spans: Span[],
  hidden: ReadonlySet<string>,
): Span | undefined {
  if (isComparison(text, at, sign)) return undefined
  const name = findNameBefore(text, at)
  if (!name) return undefined
  if (sign.startsWith('%')) return findSecrecy(name.name) === 'strong' ? encodedAt(text, at + sign.length) : undefined
  const behind = skipMarks(text, at + sign.length)
  const start = skipBlanks(text, behind, name.quoted)
  const spaced = start > behind || /\s/.test(text[at - 1] ?? '')
  if (sign !== 'is' && hidden.has(readLastWord(name.name).toLowerCase())) return anythingAt(text, start, name)
  const secrecy = sign === 'is' ? passwordAlone(name.name) : (findSecrecy(name.name) ?? inQuery(text, name))
  const naming = sign !== 'is' && !secrecy && NAMING.test(readLastWord(name.name))
  const valuing = sign !== 'is' && !secrecy && VALUING.test(readLastWord(name.name))
  if (!secrecy && !naming && !valuing) return undefined
  const header = sign === ':' && !name.quoted && secrecy ? headerValue(text, start, name) : undefined
  if (header) return header
  const quoted = findQuoted(text, start, secrecy === 'strong' ? undefined : LOOK_CHARS * 2)
  const value = quoted ?? { start, end: endOfWord(text, start, LOOK_CHARS) }
  const said = text.slice(value.start, Math.min(value.end, value.start + LOOK_CHARS * 2))
  if (naming && (quoted || sign === ':')) {
    siblings.armed = findSecrecy(said) !== undefined
    if (siblings.armed && siblings.value) spans.push(siblings.value)
    return siblings.armed && quoted ? findMultipartValue(text, at, quoted.behind) : undefined
  }
  if (valuing) {
    if (!isSecretText(said, 'strong')) return undefined
    const whole = quoted ?? { start, end: endOfWord(text, start) }
    if (siblings.armed) return whole
    siblings.value = whole
    return undefined
  }
  if (!secrecy) return undefined
  // The keys of a keyboard have names like secret keys.
  if (quoted && said.length < 4 && /key$/i.test(name.name)) return undefined
  if (quoted) return isSecretText(said, secrecy) ? quoted : undefined
  const block = secrecy === 'strong' && sign === ':' ? findBlock(text, start) : undefined
  if (block) return block
  if (secrecy === 'weak' && name.quoted && TOKENS.test(text.slice(start, start + LOOK_CHARS)))
    return { start, end: findEndOfBrackets(text, start) }
  if (/[[{]/.test(text[start] ?? '')) return name.quoted && secrecy === 'strong' ? nestedAt(text, start) : undefined
  if (sign === '=>') return undefined
  const written = {
    secrecy,
    spaced,
    after: text.slice(value.end, value.end + 24),
    leads: sign !== 'is' && isAtLineStart(text, name.start),
  }
  return isSecretWord(said, written) ? { start, end: endOfWord(text, start) } : undefined
}

function isComparison(text: string, at: number, sign: string): boolean {
  const before = text[at - 1] ?? ''
  const behind = text[at + sign.length] ?? ''
  if (sign === '=') return behind === '=' || /[=!<>~+*/|&^-]/.test(before)
  return sign === ':' && (behind === ':' || before === ':')
}

// "is" occurs in every sentence, so only password-like names count before it.
function passwordAlone(name: string): Secrecy | undefined {
  return /(?:pass ?(?:word|phrase|code|wd)|pwd|pin|api[ _-]?key|secret key|(?:verification|security|one[ -]time|otp|login|sign-in) code)$/i.test(
    name,
  )
    ? 'strong'
    : undefined
}

// These names mean a secret only in the query of a URL.
function inQuery(text: string, { name, start }: PairName): Secrecy | undefined {
  if (!/[?&]/.test(text[start - 1] ?? '')) return undefined
  return /^(?:sig|signature|x-amz-(?:signature|credential)|x-goog-signature|code|key|ticket|hmac)$/i.test(name)
    ? 'weak'
    : undefined
}

/**
 * Finds an encoded value after an encoded sign, as in a URL inside a URL. It ends at the next
 * encoded separator.
 */
function encodedAt(text: string, at: number): Span | undefined {
  const start = at + (/^(?:%(?:25)?(?:2[027])|\+){0,4}/i.exec(text.slice(at, at + 24))?.[0].length ?? 0)
  const length = text.slice(start, start + LOOK_CHARS * 2).search(/%(?:25)?(?:2[0267c]|3b|5d|7d|0[ad])|[\s"'<>&]/i)
  const end = length < 0 ? endOfWord(text, start) : start + length
  return isSecretWord(text.slice(start, end), { secrecy: 'strong', spaced: false, after: '', leads: false })
    ? { start, end }
    : undefined
}

/** Skips the asterisks that end bold text in Markdown: **Password:** x. */
function skipMarks(text: string, at: number): number {
  return at + (/^\*{1,3}(?=\s)/.exec(text.slice(at, at + 4))?.[0].length ?? 0)
}

function skipBlanks(text: string, at: number, lines: boolean): number {
  const end = Math.min(text.length, at + 40)
  let place = at
  while (
    place < end &&
    (text[place] === ' ' || text[place] === '\t' || (lines && (text[place] === '\n' || text[place] === '\r')))
  )
    place += 1
  return place
}

const HEADER =
  /^(?:(?:proxy-)?authorization|(?:set-)?cookie2?|x-[\w-]{0,40}(?:token|key|secret|auth|authorization|password|cookie|session)|api-?key)$/i
const SCHEME = /^(?:Bearer|Basic|Digest|Token|ApiKey|Negotiate|NTLM|Hawk|OAuth|GenieKey|AWS4-HMAC-SHA256|key)[ =]/i

/**
 * Finds the value of a header, up to the end of its line or of the quoted text that contains it. A
 * sentence about headers does not count.
 */
function headerValue(text: string, start: number, name: PairName): Span | undefined {
  if (!HEADER.test(readLastWord(name.name))) return undefined
  const around = text[name.start - 1] ?? ''
  const parts = QUOTED_PARTS.exec(text.slice(start, start + LOOK_CHARS * 4))?.[0]
  if (parts) return { start, end: start + parts.length }
  const LINE_END =
    around === '"'
      ? /[\r\n"]|(?<!\\)\\{1,64}[rn"]/g
      : around === "'"
        ? /[\r\n']|(?<!\\)\\{1,64}[rn']/g
        : /[\r\n]|(?<!\\)\\{1,64}[rn"]|"/g
  const begin = lineFrom(text.slice(start, start + LOOK_CHARS), LINE_END)
  const scheme = SCHEME.exec(begin)?.[0] ?? ''
  const secret = begin.slice(scheme.length).trim()
  if (!isSecretText(secret, 'strong')) return undefined
  // A key after its scheme contains a digit; a sentence seldom begins with one.
  if (/\s/.test(secret) && !/[\w-]=\S/.test(secret) && !(scheme && /^\S*\d/.test(secret))) return undefined
  LINE_END.lastIndex = start
  return { start: start + scheme.length, end: LINE_END.exec(text)?.index ?? text.length }
}

// Schemes with a sequence of quoted parts.
const QUOTED_PARTS =
  /^(?:Digest|OAuth|Hawk|Signature|MAC)\s{1,4}(?:[\w-]{1,40}=(?:\\{0,64}"[^"\r\n]{0,512}"|[^\s,"\\]{1,128})(?:,\s{0,4})?){1,20}/i

function lineFrom(text: string, end: RegExp): string {
  const length = text.search(end)
  return (length < 0 ? text : text.slice(0, length)).trimEnd()
}

/** Finds any value: a quoted text, an object, a list, a number. */
function anythingAt(text: string, start: number, name: PairName): Span | undefined {
  const quoted = findQuoted(text, start)
  if (quoted) return quoted
  const nested = name.quoted && /[[{]/.test(text[start] ?? '')
  const end = nested ? findEndOfBrackets(text, start) : endOfWord(text, start)
  return end > start ? { start, end } : undefined
}

/** Finds a whole object or list under a telling name, unless it is a schema. */
function nestedAt(text: string, start: number): Span | undefined {
  if (
    /^\s*(?:\]|\}|\\*["'](?:type|\$ref|description|title|format|anyOf|oneOf|allOf|enum|const)\\*["']\s*:)/.test(
      text.slice(start + 1, start + 60),
    )
  )
    return undefined
  return { start, end: findEndOfBrackets(text, start) }
}

// The words of a text are called tokens, too.
const TOKENS = /^\[\s{0,20}\\{0,64}["'](?=[^"'\\]{0,64}\d)[\w.~+/=-]{16}/
const WORD_END = /[\s"'`<>|]|(?<!\\)\\{1,64}["'nrt]|[&;,](?=\s|$|\\|["'[{]|[\w.%[\]-]{1,40}[=:])|\$\{/g

/** Where an unquoted value ends. A separator between pairs ends it only if another pair follows. */
function endOfWord(text: string, start: number, max = Number.POSITIVE_INFINITY): number {
  if (text[start] === '<' || text.startsWith('${', start)) return placeholderEnd(text, start)
  const window = max === Number.POSITIVE_INFINITY ? text : text.slice(0, start + max)
  WORD_END.lastIndex = start
  const end = WORD_END.exec(window)?.index ?? window.length
  const trailing = /[.,:;!?)\]}]+$/.exec(window.slice(Math.max(start, end - 8), end))?.[0].length ?? 0
  return Math.max(start, end - trailing)
}

function placeholderEnd(text: string, start: number): number {
  const length = text.slice(start, start + 80).search(/[>}]/)
  return length < 0 ? start : start + length + 1
}
