import { foldText } from '#lib/data/search/fold-text.ts'
import { listForms, listTokens, type Token } from '#lib/data/search/search-words.ts'

/**
 * A parsed search: `tsquery` for PostgreSQL (null if there is nothing to look for), and the words
 * to highlight.
 */
export type SearchQuery = { tsquery: string | null; wanted: Token[] }

type Options = {
  /** If true, words match as prefixes: "mil" finds "milk". */
  prefix?: boolean
  /** If set, only words of this weight match. */
  weight?: 'A'
}

const PIECE = /(?<no>-?)"(?<quoted>[^"]*)"?|(?<minus>-?)(?<plain>[^\s"]+)/g

/**
 * Parses a typed search: all words must match, "quoted words" must be adjacent, `or` means either,
 * and `-word` excludes. Never fails: text without words is ignored.
 */
export function toSearchQuery(typed: string, options: Options = {}): SearchQuery {
  const either: string[][] = [[]]
  const wanted: Token[] = []
  for (const { groups = {} } of typed.matchAll(PIECE)) {
    if (groups.plain?.toLowerCase() === 'or' && !groups.minus) {
      either.push([])
      continue
    }
    const tokens = [...listTokens(foldText(groups.quoted ?? groups.plain ?? ''))]
    if (tokens.length === 0) continue
    const leavesOut = Boolean(groups.no || groups.minus)
    either.at(-1)?.push(`${leavesOut ? '!' : ''}(${sideBySide(tokens, options)})`)
    if (!leavesOut) wanted.push(...tokens)
  }
  const parts = either.filter((all) => all.length > 0).map((all) => all.join(' & '))
  return { tsquery: parts.length > 0 ? parts.join(' | ') : null, wanted }
}

/** Joins lexemes with their distances, in the positions that `toSearchVector` gives them. */
function sideBySide(tokens: Token[], options: Options): string {
  let place = 0
  let last = 0
  let text = ''
  const add = (lexemes: string, at: number) => {
    text += text ? ` <${at - last}> ${lexemes}` : lexemes
    last = at
  }
  for (const token of tokens) {
    const characters = token.isRun ? [...token.text] : []
    if (!token.isRun)
      add(
        `(${listForms(token.text)
          .map((form) => lexeme(form, options))
          .join(' | ')})`,
        place,
      )
    else if (characters.length === 1) add(lexeme(token.text, { ...options, prefix: true }), place)
    else
      for (const [at, next] of characters.slice(1).entries())
        add(lexeme(`${characters[at]}${next}`, { weight: options.weight }), place + at)
    place += token.isRun ? characters.length : 1
  }
  return text
}

function lexeme(form: string, { prefix, weight }: Options): string {
  const flags = `${prefix ? '*' : ''}${weight ?? ''}`
  return `'${form}'${flags && `:${flags}`}`
}
