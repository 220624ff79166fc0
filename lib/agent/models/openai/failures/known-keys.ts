import { env } from '#lib/platform/env.ts'
import { processState } from '#lib/platform/process-state.ts'
import { REDACTED } from '#lib/platform/redaction/redact.ts'

const PROVIDERS_MAX = 200
/** A shorter text is no secret, and would redact ordinary words. */
const KEY_MIN_CHARS = 5

const known = processState('keys of model providers', () => new Map<string, string[]>())

/**
 * Notes the key and the values of the extra headers of a provider that requests are sent to, so that
 * they can be removed from what it says.
 */
export function noteKeys(providerId: string, keys: (string | undefined)[]): void {
  const all = known()
  all.delete(providerId)
  if (all.size >= PROVIDERS_MAX) all.delete(all.keys().next().value ?? '')
  all.set(
    providerId,
    keys.flatMap((key) => (key !== undefined && key.length >= KEY_MIN_CHARS ? key : [])),
  )
}

/** The text without the keys of any provider that this process has sent a request to. */
export function withoutKeys(text: string): string {
  const { OPENAI_API_KEY } = env()
  const keys = [...(OPENAI_API_KEY ? [OPENAI_API_KEY] : []), ...[...known().values()].flat()]
  // A key that contains another one goes first.
  return keys
    .sort((one, other) => other.length - one.length)
    .reduce((rest, key) => rest.replaceAll(key, REDACTED), text)
}
