import type { Language } from '#lib/platform/language/languages.ts'
import { type Dictionary, loadSentences } from '#lib/platform/language/sentences.ts'

/** Public sentences are short; a longer text is none of them. */
const SENTENCE_MAX_CHARS = 600
/** How deep values are looked up: "Try again in {wait}", of which "{seconds} seconds" is one. */
const DEPTH_MAX = 2

type Pattern = { matches: RegExp; names: string[]; translation: string }
const patterns = new WeakMap<Dictionary, Pattern[]>()

/**
 * Says the public sentence of an error in a language. Errors carry English sentences, with their
 * values in them already; the log keeps these. A sentence that has no translation stays English.
 */
export async function translateSentence(language: Language, sentence: string): Promise<string> {
  if (language === 'en' || sentence.length > SENTENCE_MAX_CHARS) return sentence
  const { all, errors } = await loadSentences(language)
  return translate(sentence, all, listPatterns(errors), DEPTH_MAX)
}

function translate(sentence: string, all: Dictionary, known: Pattern[], depth: number): string {
  const whole = Object.hasOwn(all, sentence) ? all[sentence] : undefined
  if (whole !== undefined || depth === 0) return whole ?? sentence
  for (const { matches, names, translation } of known) {
    const found = matches.exec(sentence)
    if (!found) continue
    const values = new Map(names.map((name, at) => [name, translate(found[at + 1] ?? '', all, known, depth - 1)]))
    return translation.replace(/\{(\w+)\}/g, (place, name: string) => values.get(name) ?? place)
  }
  return sentence
}

/** The sentences with values, such as "The file is larger than {max} MB.", longest first. */
function listPatterns(errors: Dictionary): Pattern[] {
  const known = patterns.get(errors)
  if (known) return known
  const made = Object.entries(errors)
    .filter(([sentence]) => sentence.includes('{'))
    .sort(([a], [b]) => b.length - a.length)
    .map(([sentence, translation]) => ({
      matches: new RegExp(`^${sentence.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '(.+?)')}$`, 's'),
      names: [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
      translation,
    }))
  patterns.set(errors, made)
  return made
}
