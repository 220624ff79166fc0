import { fillTemplate, toShownSentence } from '#lib/agent/approvals/call-saying.ts'
import { AppError } from '#lib/platform/errors.ts'
import { requireTemplate } from './parse-policy.ts'

/**
 * The sentence that the form's template makes of its examples. Throws bad_request with a sentence if
 * the template or an example cannot be read, or if a place has no value.
 */
export function previewSentence(form: FormData): string {
  const field = (name: string) => String(form.get(name) ?? '').trim()
  const template = field('sentence')
  if (template === '') throw new AppError('bad_request', 'Write first what a call does.')
  requireTemplate(template)
  const args = readObject(field('exampleArguments'), 'The example of the arguments')
  const result = field('exampleResult')
  const values = result === '' ? args : { ...args, result: readObject(result, 'The example of the result') }
  const said = fillTemplate(template, values)
  const shown = said === undefined ? undefined : toShownSentence(said)
  if (shown !== undefined) return shown
  throw new AppError('bad_request', 'A place has no value in the example: such a card shows the arguments alone.')
}

function readObject(text: string, what: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text || '{}')
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw new AppError('bad_request', `${what} is not a JSON object.`)
}
