import { isLanguage, LANGUAGE_COOKIE, type Language, readAcceptLanguage } from '#lib/platform/language/languages.ts'

const YEAR_SECONDS = 31_536_000

/** Chosen languages of the people whose sessions were found, by the headers of their requests. */
const chosen = new WeakMap<Headers, Language>()

/** Notes the language that a request's person has chosen under Settings. */
export function noteChosenLanguage(headers: Headers, language: string | null): void {
  if (isLanguage(language)) chosen.set(headers, language)
}

/**
 * The language to answer a request in: the one that its person has chosen, if the session was read
 * already, else the cookie's, else what the browser prefers, else English.
 */
export function findRequestLanguage(headers: Headers): Language {
  const cookie = new RegExp(`(?:^|;)\\s*${LANGUAGE_COOKIE}=(\\w+)`).exec(headers.get('cookie') ?? '')?.[1]
  return (
    chosen.get(headers) ??
    (isLanguage(cookie) ? cookie : undefined) ??
    readAcceptLanguage(headers.get('accept-language')) ??
    'en'
  )
}

/** A Set-Cookie header that keeps a language for the pages before sign-in, or forgets it (null). */
export function toLanguageCookie(language: Language | null): string {
  return `${LANGUAGE_COOKIE}=${language ?? ''}; Path=/; Max-Age=${language ? YEAR_SECONDS : 0}; SameSite=Lax`
}
