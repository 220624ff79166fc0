import { env } from '#lib/platform/env.ts'
import { processState } from '#lib/platform/process-state.ts'
import { REDACTED } from '#lib/platform/redaction/redact.ts'

/** More keys than providers can have. Those that were noted longest ago are forgotten first. */
const KEYS_MAX = 2_000
/** A shorter text is no secret, and would redact ordinary words. */
const KEY_MIN_CHARS = 5

const known = processState('keys of model providers', () => new Set<string>())

/**
 * Notes the key and the values of the extra headers of a provider that requests are sent to, so that
 * they can be removed from what it says. One that is replaced meanwhile stays known: an answer to it
 * may still come.
 */
export function noteKeys(keys: (string | undefined)[]): void {
  const all = known()
  for (const key of keys) {
    if (key === undefined || key.length < KEY_MIN_CHARS) continue
    all.delete(key)
    all.add(key)
  }
  for (const key of all) {
    if (all.size <= KEYS_MAX) return
    all.delete(key)
  }
}

/** The text without the keys of any provider that this process has sent a request to. */
export function withoutKeys(text: string): string {
  const { OPENAI_API_KEY } = env()
  const keys = [...(OPENAI_API_KEY ? [OPENAI_API_KEY] : []), ...known()]
  // A key that contains another one goes first.
  return keys
    .sort((one, other) => other.length - one.length)
    .reduce((rest, key) => rest.replaceAll(key, REDACTED), text)
}
