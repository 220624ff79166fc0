import { repeatCall } from '#lib/agent/repeat-call.ts'
import { consumeLimit } from '#lib/auth/limits/rate-limit.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { toAppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'
import { builtinFetch } from './builtin-fetch.ts'

const REPEATS = { name: 'repeats', points: 30, seconds: 60 }

/**
 * Repeats the call that the form names. Returns the new call's id, or a sentence that says why not.
 */
export async function repeatFrom(asker: Caller, form: FormData): Promise<{ id: string } | { error: string }> {
  try {
    await consumeLimit(REPEATS, asker.userId)
    return {
      id: await repeatCall(
        asker,
        String(form.get('call') ?? ''),
        { twice: form.get('twice') === 'on' },
        { builtinFetch },
      ),
    }
  } catch (thrown) {
    const error = toAppError(thrown)
    if (error.status >= 500) log.error({ error: thrown }, 'a call was not repeated')
    return { error: error.message }
  }
}
