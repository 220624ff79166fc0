import { repeatCall } from '#lib/agent/repeat-call.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { builtinFetch } from './builtin-fetch.ts'

/** What the actions that repeat a call share. */
export const REPEATING = {
  limit: { name: 'repeats', points: 30, seconds: 60 },
  failure: 'a call was not repeated',
}

/** Repeats the call that the form names. Returns the new call's id. */
export function repeatFrom(asker: Caller, form: FormData): Promise<string> {
  const again = { twice: form.get('twice') === 'on' }
  return repeatCall(asker, String(form.get('call') ?? ''), again, { builtinFetch })
}
