import { resolveLocale } from '#lib/chatkit-element/language/locale.ts'
import { english, type Strings } from '#lib/chatkit-element/language/strings.ts'
import { loadPart } from '#lib/chatkit-element/load-part.ts'
import { Signal } from '#lib/chatkit-element/signal.ts'

/** The languages of `locales/`. Portuguese is Brazilian, Chinese is in simplified characters. */
const LANGUAGES = new Set(['ar', 'de', 'es', 'fr', 'it', 'ja', 'nl', 'pt', 'zh'])
/**
 * How long (ms) nothing is shown while the texts load; after that English is shown until they
 * arrive.
 */
const PATIENCE_MS = 3_000
/** Texts, and the matching locale for numbers and dates. */
type Spoken = { locale: string; strings: Strings }

/** The language of the element. Every language but English is loaded when it is first needed. */
export class Language {
  /** Null until the first texts are there, or English has replaced them. */
  readonly state = new Signal<Spoken | null>(null)
  readonly #onFailed: (error: unknown) => void
  #wanted = ''

  constructor(onFailed: (error: unknown) => void) {
    this.#onFailed = onFailed
  }

  get strings(): Strings {
    return this.state.value?.strings ?? english
  }

  /** Switches to the page's choice, else the browser's language, else English. */
  choose(chosen: string | undefined): void {
    const locale = resolveLocale(chosen)
    if (locale === this.#wanted) return
    this.#wanted = locale
    const language = languageOf(locale)
    if (!language) {
      this.#speak(inEnglish(locale))
      return
    }
    const late = setTimeout(() => this.state.value ?? this.#speak(inEnglish(locale)), PATIENCE_MS)
    loadPart<Strings>(language)
      .then(
        (strings) => ({ locale, strings }),
        (error: unknown) => {
          this.#onFailed(error)
          return inEnglish(locale)
        },
      )
      .then((spoken) => {
        clearTimeout(late)
        if (locale === this.#wanted) this.#speak(spoken)
      })
  }

  #speak(spoken: Spoken): void {
    this.state.set(spoken)
  }
}

function inEnglish(locale: string): Spoken {
  return { locale: locale.startsWith('en') ? locale : 'en', strings: english }
}

function languageOf(locale: string): string | null {
  const { language, script } = new Intl.Locale(locale).maximize()
  return LANGUAGES.has(language) && script !== 'Hant' ? language : null
}
