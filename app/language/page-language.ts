import { headers } from 'next/headers'
import { cache } from 'react'
import { findPageSession } from '#lib/auth/sessions/page-caller.ts'
import { isLanguage, type Language } from '#lib/platform/language/languages.ts'
import { loadTranslate } from '#lib/platform/language/load-translate.ts'
import { findRequestLanguage } from '#lib/platform/language/request-language.ts'
import type { Sentence } from '#lib/platform/language/sentences.ts'
import type { Translate } from '#lib/platform/language/translate.ts'
import { log } from '#lib/platform/log.ts'

/** The language of the page: the person's choice, else the cookie's, else the browser's. */
export const readPageLanguage = cache(async (): Promise<Language> => {
  try {
    const session = await findPageSession()
    if (isLanguage(session?.language)) return session.language
  } catch (error) {
    // The page says itself what it lacks, in the language that its request tells.
    log.warn({ error }, 'language of the person not read')
  }
  return findRequestLanguage(await headers())
})

/**
 * The page's translations, for server components and actions. Client components call
 * `useTranslate`.
 */
export async function readTranslate(): Promise<Translate> {
  return loadTranslate(await readPageLanguage())
}

/** Makes the `generateMetadata` of a page with this title. */
export function makeTitle(title: Sentence) {
  return async () => ({ title: (await readTranslate())(title) })
}
