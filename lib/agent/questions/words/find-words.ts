import { ar } from '#lib/agent/questions/words/arabic.ts'
import { zh } from '#lib/agent/questions/words/chinese.ts'
import { nl } from '#lib/agent/questions/words/dutch.ts'
import { en, type QuestionWords } from '#lib/agent/questions/words/english.ts'
import { fr } from '#lib/agent/questions/words/french.ts'
import { de } from '#lib/agent/questions/words/german.ts'
import { it } from '#lib/agent/questions/words/italian.ts'
import { ja } from '#lib/agent/questions/words/japanese.ts'
import { pt } from '#lib/agent/questions/words/portuguese.ts'
import { es } from '#lib/agent/questions/words/spanish.ts'

const LANGUAGES: Record<string, QuestionWords> = { ar, de, en, es, fr, it, ja, nl, pt, zh }

/** The words of questions' cards for a person's locale (BCP 47), else in English. */
export function findWords(locale: string | null | undefined): QuestionWords {
  const [language = ''] = (locale ?? '').toLowerCase().split(/[-_]/)
  return Object.hasOwn(LANGUAGES, language) ? (LANGUAGES[language] ?? en) : en
}

/** Puts values into a text: `{title}` becomes `values.title`. */
export function fillIn(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (all, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : all))
}
