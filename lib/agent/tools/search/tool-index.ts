import { listStems, listSynonyms } from '#lib/agent/tools/search/tool-words.ts'

/** A tool that can be found. `title` is its name for people, if its server has one. */
export type FindableTool = {
  name: string
  server: string
  title?: string | undefined
  description: string
  parameters: { properties?: Record<string, unknown>; required?: readonly PropertyKey[] }
}

/** How much a word counts in each field, and how much a long field takes off it (0 to 1). */
const FIELDS = [
  { boost: 3, norm: 0.75, read: ({ name }: FindableTool) => name },
  { boost: 2, norm: 0.75, read: ({ title = '' }: FindableTool) => title },
  { boost: 2, norm: 0, read: ({ server }: FindableTool) => server },
  { boost: 1, norm: 0.75, read: ({ description }: FindableTool) => description },
  {
    boost: 0.3,
    norm: 0.75,
    read: ({ parameters }: FindableTool) => Object.keys(parameters.properties ?? {}).join(' '),
  },
] as const
/** How soon more of the same word stops counting (BM25's k1). */
const SATURATION = 1.2
const SYNONYM_WEIGHT = 0.4
const TYPO_WEIGHT = 0.7
const TYPO_FROM_CHARS = 5
// The rest of a longer request says nothing more about the tool.
const QUERY_MAX_WORDS = 60

/** The weight of a word in each tool that has it, by the tool's place. */
type Postings = Map<number, number>

/**
 * Full text over the names, titles, servers, descriptions and parameters of tools: BM25 with
 * weighted fields. A word of the request counts as itself, or less as a synonym or a word that
 * is one typing mistake away.
 */
export class ToolIndex<Tool extends FindableTool> {
  readonly #tools: Tool[]
  readonly #postings = new Map<string, Postings>()

  constructor(tools: Tool[]) {
    this.#tools = tools
    for (const { boost, norm, read } of FIELDS) {
      const texts = tools.map((tool) => listStems(read(tool)))
      const average = texts.reduce((sum, stems) => sum + stems.length, 0) / tools.length || 1
      for (const [place, stems] of texts.entries()) {
        const weight = boost / (1 - norm + (norm * stems.length) / average)
        for (const stem of stems) this.#add(stem, place, weight)
      }
    }
  }

  /** The tools that fit a request best, the best first, `max` at most. */
  find(query: string, max: number): Tool[] {
    const scores = new Map<number, { sum: number; words: number }>()
    const asked = [...new Set(listStems(query))].filter((stem) => !/^\d+$/.test(stem)).slice(0, QUERY_MAX_WORDS)
    for (const stem of asked)
      for (const [place, score] of this.#scoresOf(stem)) {
        const { sum, words } = scores.get(place) ?? { sum: 0, words: 0 }
        scores.set(place, { sum: sum + score, words: words + 1 })
      }
    return [...scores]
      .map(([place, { sum, words }]) => ({ place, score: sum * Math.sqrt(words / asked.length) }))
      .sort((one, other) => other.score - one.score || one.place - other.place)
      .slice(0, max)
      .flatMap(({ place }) => this.#tools[place] ?? [])
  }

  #add(stem: string, place: number, weight: number): void {
    const postings = this.#postings.get(stem) ?? new Map()
    postings.set(place, (postings.get(place) ?? 0) + weight)
    this.#postings.set(stem, postings)
  }

  /** What a word of the request counts in each tool, by the best of what it may mean. */
  #scoresOf(stem: string): Map<number, number> {
    const best = new Map<number, number>()
    const consider = (word: string, weight: number) => {
      const postings = this.#postings.get(word) ?? new Map<number, number>()
      const rarity = Math.log(1 + (this.#tools.length - postings.size + 0.5) / (postings.size + 0.5))
      for (const [place, count] of postings) {
        const score = (weight * rarity * count) / (SATURATION + count)
        if (score > (best.get(place) ?? 0)) best.set(place, score)
      }
    }
    consider(stem, 1)
    // If no tool has the word itself, its synonyms are all that is known of what was meant.
    const weight = best.size > 0 ? SYNONYM_WEIGHT : 1
    for (const synonym of listSynonyms(stem)) consider(synonym, weight)
    if (best.size === 0 && stem.length >= TYPO_FROM_CHARS)
      for (const word of this.#postings.keys()) if (isOneTypoAway(stem, word)) consider(word, TYPO_WEIGHT)
    return best
  }
}

/** True if one letter is missing, added or wrong, or two neighbours have changed places. */
function isOneTypoAway(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1) return false
  let start = 0
  while (start < one.length && one[start] === other[start]) start += 1
  const [rest, otherRest] = [one.slice(start), other.slice(start)]
  return (
    rest.slice(1) === otherRest.slice(1) ||
    rest === otherRest.slice(1) ||
    rest.slice(1) === otherRest ||
    (rest[0] === otherRest[1] && rest[1] === otherRest[0] && rest.slice(2) === otherRest.slice(2))
  )
}
