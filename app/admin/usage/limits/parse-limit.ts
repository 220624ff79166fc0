import { z } from 'zod'
import { parseAudience } from '#app/admin/audience/parse-audience.ts'
import { AMOUNT_MAX, LimitValues } from '#lib/data/usage/usage-limits.ts'
import { AppError } from '#lib/platform/errors.ts'

const Form = z.object({
  whose: z.enum(['each', 'together']),
  period: z.enum(['day', 'month']),
  unit: z.enum(['tokens', 'cost']),
  amount: z.string().trim().max(40),
  warnPercent: z.coerce.number().int().min(1).max(100),
})

/** Reads the form of a limit. Throws bad_request with a sentence that says what is wrong with it. */
export async function parseLimit(form: FormData): Promise<LimitValues> {
  const parsed = Form.safeParse(Object.fromEntries(form))
  if (!parsed.success) {
    const isShare = parsed.error.issues[0]?.path[0] === 'warnPercent'
    throw new AppError(
      'bad_request',
      isShare ? 'Warn at: a whole number from 1 to 100.' : 'Choose whose use counts, the period and the unit.',
    )
  }
  const { whose, amount, ...values } = parsed.data
  const read = values.unit === 'tokens' ? readTokens(amount) : readDollars(amount)
  if (read === undefined || read > AMOUNT_MAX)
    throw new AppError(
      'bad_request',
      values.unit === 'tokens'
        ? 'Amount: a whole number of tokens, at most a trillion.'
        : 'Amount: dollars such as 5 or 2.50, at most a million.',
    )
  return LimitValues.parse({
    ...values,
    amount: read,
    isShared: whose === 'together',
    audience: await parseAudience(form),
  })
}

/** "200000" or "200,000", exactly. */
function readTokens(text: string): bigint | undefined {
  return /^\d{1,15}$|^\d{1,3}([, ]\d{3})+$/.test(text) ? BigInt(text.replace(/[, ]/g, '')) : undefined
}

/** "5", "2.50" or "$1,000" to millionths of a dollar, exactly. */
function readDollars(text: string): bigint | undefined {
  const [, whole, fraction = ''] = /^\$?(\d{1,9}|\d{1,3}(?:,\d{3})+)(?:\.(\d{1,6}))?$/.exec(text) ?? []
  return whole === undefined ? undefined : BigInt(whole.replaceAll(',', '') + fraction.padEnd(6, '0'))
}
