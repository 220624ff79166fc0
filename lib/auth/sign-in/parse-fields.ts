import { z } from 'zod'
import { AppError } from '#lib/platform/errors.ts'

/** An e-mail address in its stored form: trimmed and in lower case. */
export const EmailAddress = z
  .string({ error: 'Enter your e-mail address.' })
  .trim()
  .toLowerCase()
  .max(254, 'This address is too long.')
  .pipe(z.email('This is not an e-mail address. It looks like name@example.com.'))

/** A person's name: 1 to 100 characters without line breaks. */
export const PersonName = z
  .string({ error: 'Enter your name.' })
  .trim()
  .min(1, 'Enter your name.')
  .max(100, 'The name is longer than 100 characters.')
  // Names go into mails and prompts, where control characters would do harm.
  .regex(/^\P{Cc}*$/u, 'The name has characters that cannot be shown.')

/** Parses a value with the schema. Throws bad_request with the first problem's sentence. */
export function parseFields<T extends z.ZodType>(schema: T, given: unknown): z.output<T> {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new AppError('bad_request', issue?.path.length ? issue.message : 'The request must be a JSON object.', {
    cause: parsed.error,
    ...(issue?.path.length && { field: String(issue.path[0]) }),
  })
}
