import { domainToASCII } from 'node:url'

// Characters that draw nothing, or that look like U+0020 or a line break without being one:
// everything that Unicode calls default-ignorable, control and format characters (including
// bidirectional ones), blanks, and a few others that are empty in all fonts. The brackets of our
// own notation are included, so that no text can forge it.
const HIDDEN = String.raw`[[\p{C}\p{DI}\p{Z}\u2800\u{16FE4}\u{1D159}⟦⟧]--[ \n]]`
// Joiners that change what is drawn (after RFC 5892, appendix A.1 and A.2): between letters of a
// cursive script, U+200D only if no such letter follows; and next to a sign that joins two
// consonants. Elsewhere a joiner draws nothing and could spell a hidden text.
const CURSIVE = scripts('Arabic Syriac Mandaic Nko Mongolian Adlam')
const BRAHMIC = scripts(
  'Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Khmer Myanmar Balinese Javanese Tibetan',
)
const VIRAMA = String.raw`[\u094D\u09CD\u0A4D\u0ACD\u0B4D\u0BCD\u0C4D\u0CCD\u0D4D\u0DCA\u0F84\u1039\u103A\u17D2\u1B44\uA9C0]`
const JOINER = [
  String.raw`(?<=[[${CURSIVE}]--${HIDDEN}])(?:\u200C(?!\u200D)|\u200D(?![${CURSIVE}\u200C]))(?!\u200C)`,
  String.raw`(?<=${VIRAMA})[\u200C\u200D](?![\u200C\u200D])|(?<=[[${BRAHMIC}]--${HIDDEN}])[\u200C\u200D](?=${VIRAMA})`,
].join('|')

function scripts(names: string): string {
  return names
    .split(' ')
    .map((name) => String.raw`\p{Script=${name}}`)
    .join('')
}

// A digit before U+FE0F begins an emoji.
const LETTER = String.raw`[[\p{L}\p{M}\p{N}Ⓐ-ⓩ🄰-🆉.．\-]--${HIDDEN}](?!\uFE0F)|${JOINER}`
// In an address, Chinese full stops separate the labels of a host, as in browsers, and symbols
// count as letters. Elsewhere they do not.
const WORD = String.raw`(?<=:\/\/|@)(?:\p{RGI_Emoji}|${LETTER}|[\p{So}。｡])+|(?:${LETTER})+`

const NOTABLE = new RegExp(
  String.raw`(?<word>${WORD})|(?<whole>\p{RGI_Emoji}|${JOINER})|(?<space>[ \n]{16,})|(?<hidden>${HIDDEN})\k<hidden>*`,
  'gv',
)
const PLAIN = /^[!-~]*(?:[ \n]{1,15}[!-~]+)*[ \n]{0,15}$/

/** A hidden character repeated more often than this is shown as a count. */
const EACH_MAX = 3
const RUN = new RegExp(String.raw`[ \n]{16,}|(${HIDDEN})\1{${EACH_MAX},}`, 'gv')

/**
 * Makes everything in a text visible for a person who decides by it. A hidden character becomes
 * `⟦U+200B⟧`, a run of blanks `⟦400 spaces⟧`, and a host name that is not plain ASCII is followed
 * by its punycode. Emoji, and joiners that a script needs, stay as they are. Two different texts
 * never look the same, so comparing the results compares the texts.
 */
export function toVisibleText(text: string): string {
  if (PLAIN.test(text)) return text
  return text.replace(NOTABLE, (match, ...rest) => {
    const { word, space, hidden } = rest.at(-1) as Record<string, string | undefined>
    if (word) {
      const at = rest.at(-3) as number
      return withPunycode(word, text.slice(Math.max(0, at - 3), at))
    }
    if (space) return `⟦${space.length} ${nameOf(space)}⟧`
    return hidden ? hiddenRun(hidden, match.length / hidden.length) : match
  })
}

/** Returns a text without the runs that `toVisibleText` shows as a count. */
export function withoutRuns(text: string): string {
  return text.replace(RUN, '')
}

/**
 * Formats a JSON value on several lines, with every key and string as `toVisibleText` shows it. The
 * value must not be nested deeply.
 */
export function toVisibleJson(value: unknown): string {
  return JSON.stringify(toVisible(value), null, 2) ?? 'null'
}

function toVisible(value: unknown): unknown {
  if (typeof value === 'string') return toVisibleText(value)
  if (Array.isArray(value)) return value.map(toVisible)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [toVisibleText(key), toVisible(inner)]))
}

function hiddenRun(char: string, count: number): string {
  const name = char === '\t' ? 'tab' : `U+${char.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`
  return count > EACH_MAX ? `⟦${count} × ${name}⟧` : `⟦${name}⟧`.repeat(count)
}

function nameOf(blanks: string): string {
  if (!blanks.includes('\n')) return 'spaces'
  return blanks.includes(' ') ? 'spaces and line breaks' : 'line breaks'
}

// The endings of common file names, none of which is a top-level domain.
const FILE = /\.(?:csv|docx?|gif|html?|jpe?g|json|log|mp[34]|odt|pdf|png|pptx?|svg|txt|xlsx?|xml|ya?ml)$/i
// A name outside an address counts as a host only if it ends in a top-level domain of one script.
const BARE_HOST = /[.．](?:[a-z]{2,63}|xn--[a-z\d-]+|[^\p{ASCII}\p{N}]{2,63})$/iu

function withPunycode(word: string, before: string): string {
  if (/^\p{ASCII}*$/u.test(word)) return word
  const end = nameEnd(word)
  const [name, rest] = [word.slice(0, end), word.slice(end)]
  const inAddress = /(?::\/\/|@)$/.test(before)
  const ascii = inAddress || (BARE_HOST.test(name) && !FILE.test(name)) ? domainToASCII(name) : ''
  return ascii ? `${name}⟦${ascii}⟧${rest}` : word
}

/**
 * Where the trailing full stops and hyphens of a word begin. A loop, because a regular expression
 * would search anew from each position.
 */
function nameEnd(word: string): number {
  let end = word.length
  while (end > 0 && '.．-'.includes(word[end - 1] ?? ' ')) end -= 1
  return end
}
