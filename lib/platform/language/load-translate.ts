import { createIntl, createIntlCache } from 'react-intl/server'
import { LANGUAGES, type Language } from '#lib/platform/language/languages.ts'
import { loadSentences } from '#lib/platform/language/sentences.ts'
import { makeTranslate, type Translate } from '#lib/platform/language/translate.ts'
import { log } from '#lib/platform/log.ts'

const made = new Map<Language, Promise<Translate>>()

/**
 * The function that says sentences in a language. A sentence that is not translated is said in
 * English, and logged.
 *
 * @example
 * const t = await loadTranslate('de')
 * t('Sign in') // 'Anmelden'
 */
export function loadTranslate(language: Language): Promise<Translate> {
  const translate = made.get(language) ?? readTranslate(language)
  made.set(language, translate)
  return translate
}

async function readTranslate(language: Language): Promise<Translate> {
  const { all } = await loadSentences(language)
  return makeTranslate(
    createIntl(
      {
        locale: LANGUAGES[language].formats,
        defaultLocale: LANGUAGES.en.formats,
        messages: all,
        onError: (error) => log.error({ error }, 'sentence not translated'),
      },
      createIntlCache(),
    ) as never,
  )
}
