import { revalidatePath } from 'next/cache'
import { redirect } from 'next/navigation'
import { readPageLanguage } from '#app/language/page-language.ts'
import type { ActionOutcome } from '#app/ui/forms/use-action-form.ts'
import { consumeLimit, type Limit } from '#lib/auth/limits/rate-limit.ts'
import { requirePageAdmin, requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { toAppError } from '#lib/platform/errors.ts'
import { translateSentence } from '#lib/platform/language/translate-sentence.ts'
import { log } from '#lib/platform/log.ts'

/** What an action asks before its work, and what follows its success. */
type Gate<Result> = {
  /** Who may act. Others are redirected or get "not found", as on the page. */
  who: 'admin' | 'person'
  /** The person's rate limit. */
  limit?: Limit
  /** The log's line for a failure that is ours. */
  failure: string
  /** The path whose pages, and those below it, are read anew. */
  refresh?: string
  /** The page to redirect to. */
  leadTo?: (result: Result) => string
}

/** Only an object is of use to the page. */
type Outcome<Result> = NonNullable<ActionOutcome> | (Result extends object ? Result : undefined)

/**
 * Makes a server action. The caller comes from the session. A failure becomes `{ error }`, a
 * sentence for the person; one of ours is logged. Requests from other sites' pages are refused
 * before (proxy.ts).
 *
 * @example
 * export const disablePerson = serverAction({ who: 'admin', failure: 'account not changed' },
 *   (admin, form: FormData) => setDisabled(admin, personOf(form), true))
 */
export function serverAction<Given extends unknown[], Result>(
  { who, limit, failure, refresh, leadTo }: Gate<Result>,
  work: (caller: Caller, ...given: Given) => Promise<Result>,
): (...given: Given) => Promise<Outcome<Result>> {
  return async (...given) => {
    const caller = await (who === 'admin' ? requirePageAdmin() : requirePageCaller())
    let result: Result
    try {
      if (limit) await consumeLimit(limit, caller.userId)
      result = await work(caller, ...given)
    } catch (thrown) {
      const error = toAppError(thrown)
      if (error.status >= 500) log.error({ error: thrown }, failure)
      return { error: await translateSentence(await readPageLanguage(), error.message) }
    }
    if (refresh) revalidatePath(refresh, 'layout')
    // Next redirects by throwing, so nothing may catch it.
    if (leadTo) redirect(leadTo(result))
    return result as Outcome<Result>
  }
}
