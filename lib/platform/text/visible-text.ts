import { domainToASCII } from 'node:url'

// What draws nothing, or what looks like U+0020 or a line break and is neither: everything that Unicode calls default-ignorable,
// control and format characters (bidirectional ones too), blanks, and the few that are empty in all fonts without being any of
// these. The brackets of our own notation are in the set, so that no text can forge it.
const HIDDEN = String.raw`[[\p{C}\p{DI}\p{Z}\u2800\u{16FE4}\u{1D159}⟦⟧]--[ \n]]`
// Where a joiner changes what is drawn (after RFC 5892, appendix A.1 and A.2): between letters that join by themselves, U+200D only
// where none follows; beside a sign that joins two consonants. Elsewhere it draws nothing, and could spell a hidden text.
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
// In an address the full stops of Chinese part a host's labels, as browsers read it, and symbols are letters; elsewhere they are not.
const WORD = String.raw`(?<=:\/\/|@)(?:\p{RGI_Emoji}|${LETTER}|[\p{So}。｡])+|(?:${LETTER})+`

const NOTABLE = new RegExp(
  String.raw`(?<word>${WORD})|(?<whole>\p{RGI_Emoji}|${JOINER})|(?<space>[ \n]{16,})|(?<hidden>${HIDDEN})\k<hidden>*`,
  'gv',
)
const PLAIN = /^[!-~]*(?:[ \n]{1,15}[!-~]+)*[ \n]{0,15}$/

/** More of the same hidden character than this are shown as a count. */
const EACH_MAX = 3
const RUN = new RegExp(String.raw`[ \n]{16,}|(${HIDDEN})\1{${EACH_MAX},}`, 'gv')

/**
 * The text with everything in it to be seen, for a person who decides by it: a hidden character as `⟦U+200B⟧`, a run of blanks as
 * `⟦400 spaces⟧`, beside a host name that is not plain ASCII its punycode. Emoji, and joiners where a script needs them, stay as
 * they are. Two texts that differ never look the same, so that a comparison of the results is one of the texts.
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

/** What is left of a text without the runs that `toVisibleText` shows as a count. */
export function withoutRuns(text: string): string {
  return text.replace(RUN, '')
}

/** A JSON value on several lines, every key and every text in it as `toVisibleText` shows it. The value must not be nested deeply. */
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

// The ends of common file names, none of which is a top-level domain.
const FILE = /\.(?:csv|docx?|gif|html?|jpe?g|json|log|mp[34]|odt|pdf|png|pptx?|svg|txt|xlsx?|xml|ya?ml)$/i
// Names without an address around them are taken for hosts only where a top-level domain of one script ends them.
const BARE_HOST = /[.．](?:[a-z]{2,63}|xn--[a-z\d-]+|[^\p{ASCII}\p{N}]{2,63})$/iu

function withPunycode(word: string, before: string): string {
  if (/^\p{ASCII}*$/u.test(word)) return word
  const end = nameEnd(word)
  const [name, rest] = [word.slice(0, end), word.slice(end)]
  const inAddress = /(?::\/\/|@)$/.test(before)
  const ascii = inAddress || (BARE_HOST.test(name) && !FILE.test(name)) ? domainToASCII(name) : ''
  return ascii ? `${name}⟦${ascii}⟧${rest}` : word
}

/** Where the full stops and hyphens begin that end a word. By hand: an expression would look for them from each place anew. */
function nameEnd(word: string): number {
  let end = word.length
  while (end > 0 && '.．-'.includes(word[end - 1] ?? ' ')) end -= 1
  return end
}
