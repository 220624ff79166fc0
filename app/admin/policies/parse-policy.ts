import { z } from 'zod'
import { isTemplate } from '#lib/agent/approvals/call-saying.ts'
import { AFTER_UNTRUSTED, APPROVAL_POLICIES, EVERY_TOOL, type ToolPolicy } from '#lib/data/servers/policies.ts'
import { AppError } from '#lib/platform/errors.ts'

const DAY_SECONDS = 86_400
const name = z.string().trim().min(1).max(200)
const words = z
  .string()
  .trim()
  .max(300)
  .transform((value) => value || null)
  .default(null)
const text = z.string().trim().max(2_000).default('')
const seconds = z
  .literal('')
  .transform(() => null)
  .or(z.coerce.number().int().min(1).max(DAY_SECONDS))
  .default(null)

const Form = z.object({
  server: name,
  tool: name.or(z.literal('').transform(() => EVERY_TOOL)).default(EVERY_TOOL),
  approval: z
    .literal('')
    .transform(() => null)
    .or(z.enum(APPROVAL_POLICIES))
    .default(null),
  afterUntrusted: z
    .literal('')
    .transform(() => null)
    .or(z.enum(AFTER_UNTRUSTED))
    .default(null),
  repeatable: z
    .literal('on')
    .optional()
    .transform((ticked) => ticked === 'on'),
  hidden: text.transform((list) => [...new Set(list.split(/[\s,]+/).filter(Boolean))].slice(0, 100)),
  sentence: words,
  sentenceTool: words,
  connectSeconds: seconds,
  idleSeconds: seconds,
  hardSeconds: seconds,
})

/** The form as a policy. Throws bad_request with a sentence that says what is wrong with it. */
export function parsePolicy(form: FormData): ToolPolicy {
  const parsed = Form.safeParse(Object.fromEntries(form))
  if (!parsed.success) {
    const field = String(parsed.error.issues[0]?.path[0] ?? '')
    throw new AppError(
      'bad_request',
      field.endsWith('Seconds')
        ? `Times are whole seconds between 1 and ${DAY_SECONDS}, or nothing.`
        : 'Choose a server and when to ask for approval.',
    )
  }
  const { tool, repeatable, sentence, sentenceTool } = parsed.data
  if (tool === EVERY_TOOL && (sentence !== null || sentenceTool !== null))
    throw new AppError('bad_request', 'What a call does is said for one tool at a time.')
  if (sentenceTool === tool) throw new AppError('bad_request', 'A tool cannot say what its own call will do.')
  if (sentence !== null) requireTemplate(sentence)
  if (repeatable && tool === EVERY_TOOL)
    throw new AppError(
      'bad_request',
      'Confirm that calls may be repeated for one tool at a time, after reading what it does.',
    )
  return parsed.data
}

/** Throws bad_request with a sentence that says how a template is written. */
export function requireTemplate(template: string): void {
  if (isTemplate(template)) return
  throw new AppError(
    'bad_request',
    'Between braces stands the name of an argument: {title}, or {result.title} of what the named tool answers.',
  )
}
