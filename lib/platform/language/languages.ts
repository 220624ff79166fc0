/**
 * The languages of the product. `name` is the language's own; `formats` is the locale for dates and
 * numbers. Portuguese is Brazilian, Chinese is in simplified characters.
 */
export const LANGUAGES = {
  en: { name: 'English', formats: 'en-GB', direction: 'ltr' },
  de: { name: 'Deutsch', formats: 'de', direction: 'ltr' },
  fr: { name: 'Français', formats: 'fr', direction: 'ltr' },
  es: { name: 'Español', formats: 'es', direction: 'ltr' },
  pt: { name: 'Português', formats: 'pt-BR', direction: 'ltr' },
  it: { name: 'Italiano', formats: 'it', direction: 'ltr' },
  nl: { name: 'Nederlands', formats: 'nl', direction: 'ltr' },
  ja: { name: '日本語', formats: 'ja', direction: 'ltr' },
  zh: { name: '中文', formats: 'zh-CN', direction: 'ltr' },
  ar: { name: 'العربية', formats: 'ar', direction: 'rtl' },
} as const

export type Language = keyof typeof LANGUAGES

/** The language before sign-in; after it the person's own choice counts. */
export const LANGUAGE_COOKIE = 'switchboard-language'

/** The languages in their own names, to choose from. */
export function listLanguages(): { code: Language; name: string }[] {
  return Object.entries(LANGUAGES).map(([code, { name }]) => ({ code: code as Language, name }))
}

/** True for the code of a language of the product. */
export function isLanguage(code: unknown): code is Language {
  return typeof code === 'string' && Object.hasOwn(LANGUAGES, code)
}

/** The language of a locale (BCP 47), or undefined if the product does not speak it. */
export function findLanguage(locale: string | null | undefined): Language | undefined {
  const [code, ...rest] = (locale ?? '').toLowerCase().split(/[-_]/)
  // Readers of traditional characters would rather have their next language.
  if (code === 'zh' && rest.some((part) => /^(?:hant|tw|hk|mo)$/.test(part))) return undefined
  return isLanguage(code) ? code : undefined
}

/**
 * The language that an Accept-Language header (RFC 9110, 12.5.4) likes best. Reads its first 20
 * entries.
 */
export function readAcceptLanguage(header: string | null | undefined): Language | undefined {
  const wishes = (header ?? '')
    .slice(0, 1_000)
    .split(',', 20)
    .map((entry) => {
      const [tag = '', ...parameters] = entry.trim().split(/\s*;\s*/)
      const quality = parameters.find((each) => each.startsWith('q='))
      return { language: findLanguage(tag), quality: quality ? Number(quality.slice(2)) : 1 }
    })
    .filter(({ quality }) => quality > 0)
    // A stable sort: among equals the first counts.
    .sort((a, b) => b.quality - a.quality)
  return wishes.find(({ language }) => language)?.language
}
