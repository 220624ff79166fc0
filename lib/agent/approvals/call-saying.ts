import { cutText } from '#lib/platform/text/cut-text.ts'
import { toVisibleText } from '#lib/platform/text/visible-text.ts'

/** The most characters of a sentence, and of one value in it. */
const SENTENCE_MAX_CHARS = 400
const VALUE_MAX_CHARS = 120
const PLACE = /\{([^{}]*)\}/g
const PATH = /^[\w-]+(?:\.[\w-]+)*$/

/** What a call will do, for its person, and whose words that is. Both show what is hidden. */
export type CallSaying = { sentence: string; origin: string }

/** True if every brace in a template belongs to a `{path.to.value}`. */
export function isTemplate(template: string): boolean {
  const rest = template.replace(PLACE, (_, path: string) => (PATH.test(path) ? '' : '{'))
  return !/[{}]/.test(rest)
}

/**
 * A template with its places filled from `values`: `{title}`, `{result.tasks.0.title}`. Texts are in
 * quotation marks. Undefined if a place has no value that can be said, because half a sentence would
 * say something else.
 */
export function fillTemplate(template: string, values: Record<string, unknown>): string | undefined {
  let isWhole = true
  const sentence = template.replace(PLACE, (_, path: string) => {
    const said = sayValue(findValue(values, path.split('.')))
    if (said === undefined) isWhole = false
    return said ?? ''
  })
  return isWhole ? sentence : undefined
}

/** A sentence as its card shows it: one line, not long, with everything hidden in it visible. */
export function toShownSentence(sentence: string): string | undefined {
  const line = sentence.replace(/ *\n[ \n]*/g, ' ').trim()
  return line === '' ? undefined : cutText(toVisibleText(cutText(line, SENTENCE_MAX_CHARS)), 3 * SENTENCE_MAX_CHARS)
}

function findValue(value: unknown, path: string[]): unknown {
  return path.reduce(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string, unknown>)[key]
        : undefined,
    value,
  )
}

function sayValue(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  // Marks of its own could end the quotation.
  if (typeof value === 'string') return value.trim() === '' ? undefined : `“${cutValue(value.replace(/[“”]/g, '"'))}”`
  if (!Array.isArray(value) || value.length === 0) return undefined
  const said = value.map((entry) => (Array.isArray(entry) ? undefined : sayValue(entry)))
  return said.includes(undefined) ? undefined : cutValue(said.join(', '))
}

function cutValue(text: string): string {
  return text.length > VALUE_MAX_CHARS ? `${cutText(text, VALUE_MAX_CHARS)}…` : text
}
