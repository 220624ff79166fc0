import { Lexer, Marked, type MarkedOptions, type Token, Tokenizer, type Tokens } from 'marked'
import { detailsExtension } from '#lib/chatkit-element/markdown/details.ts'
import { footnoteExtensions } from '#lib/chatkit-element/markdown/footnotes.ts'
import { mathsExtensions, readMaths } from '#lib/chatkit-element/markdown/maths-syntax.ts'

const CJK =
  '[\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Hang}\\p{sc=Bopo}\\u3000-\\u303f\\ufe10-\\ufe1f\\ufe30-\\ufe4f\\uff00-\\uffef]'
const CJK_CHAR = new RegExp(`^${CJK}$`, 'u')
/**
 * Punctuation that stops CommonMark from recognising emphasis: CJK punctuation, and any other
 * beside an emphasis mark that touches a CJK letter.
 */
const LENIENT = new RegExp(
  `(?=\\p{P})${CJK}|(?![*_~])[\\p{P}\\p{S}](?:(?=(?:\\*+|~~)${CJK})|(?<=${CJK}(?:\\*+|~~).))`,
  'gu',
)
/** Quotes and lists that are nested deeper are text: each level costs the parser a level of its stack. */
const MAX_DEPTH = 24
/**
 * The characters that end a URL inside a sentence: punctuation of scripts that put no space after
 * it, and quotes. Dashes and dots of other scripts can be part of a URL.
 */
const ADDRESS_END = /(?!\p{ASCII})[\p{Terminal_Punctuation}\p{Ps}\p{Pe}\p{Pi}\p{Pf}…]/u
const ADDRESS_START = /^(?:https?:\/\/|ftp:\/\/|www\.)/i

/** Reads Markdown as models and people mean it where CommonMark and GFM differ from that. */
class ChatTokenizer extends Tokenizer {
  #depth = 0

  override blockquote(src: string): Tokens.Blockquote | undefined {
    return this.#nest(() => super.blockquote(src))
  }

  override list(src: string): Tokens.List | undefined {
    return this.#nest(() => super.list(src))
  }

  #nest<T>(read: () => T): T | undefined {
    if (this.#depth >= MAX_DEPTH) return undefined
    this.#depth += 1
    try {
      return read()
    } finally {
      this.#depth -= 1
    }
  }

  /**
   * Keeps `\(`, `\[` and `\{` as they are written: they begin TeX far more often than they escape a
   * bracket.
   */
  override escape(src: string): Tokens.Escape | undefined {
    const maths = /^\\[([]/.test(src) ? readMaths(src) : undefined
    if (maths) return maths as unknown as Tokens.Escape
    const token = super.escape(src)
    return token && /^\\[()[\]{}]/.test(token.raw) ? { ...token, text: token.raw } : token
  }

  /** A single `~` is text: "0.3~8 mm", "~5". */
  override del(src: string, masked: string, before = ''): Tokens.Del | undefined {
    return src.startsWith('~~') ? super.del(src, masked, CJK_CHAR.test(before) ? '' : before) : undefined
  }

  /** Chinese, Japanese and Korean put no space beside punctuation, so `**历经10年，**年终` is bold. */
  override emStrong(src: string, masked: string, before = ''): Tokens.Em | Tokens.Strong | undefined {
    return super.emStrong(src, masked, src.startsWith('*') && CJK_CHAR.test(before) ? '' : before)
  }

  override url(src: string): Tokens.Link | undefined {
    const end = ADDRESS_START.test(src) ? src.search(ADDRESS_END) : -1
    return super.url(end < 0 ? src : src.slice(0, end))
  }
}

/**
 * The text in which emphasis marks are searched. Letters replace the blocking punctuation; the
 * length stays the same.
 */
function emStrongMask(masked: string): string {
  return masked.replace(LENIENT, ({ length }) => 'x'.repeat(length))
}

const { defaults } = new Marked(
  { gfm: true, breaks: true },
  { extensions: [...footnoteExtensions, ...mathsExtensions, detailsExtension] },
)
const options = { ...defaults, tokenizer: new ChatTokenizer(), hooks: { emStrongMask } as MarkedOptions['hooks'] }

/**
 * The longest sentence or paragraph (characters), the most marks and the longest word in it that are
 * read as Markdown. The rules for links, emphasis and addresses take quadratic time, and models write
 * what others tell them to.
 */
const INLINE_MAX = 20_000
const MARKS_MAX = 2_000
const LONG_WORD = /\S{4000}/
const MARK = /[[\]*_~`<!\\@]/g

class ChatLexer extends Lexer {
  override inlineTokens(src: string, tokens: Token[] = []): Token[] {
    if (src.length < MARKS_MAX || isSimple(src)) return super.inlineTokens(src, tokens)
    tokens.push({ type: 'text', raw: src, text: src, escaped: false })
    return tokens
  }
}

function isSimple(src: string): boolean {
  return src.length <= INLINE_MAX && (src.match(MARK)?.length ?? 0) <= MARKS_MAX && !LONG_WORD.test(src)
}

/** The top-level tokens of a text. Their `raw` adds up to the text, except for line ends. */
export function tokenize(text: string): Token[] {
  return new ChatLexer(options).lex(text)
}
