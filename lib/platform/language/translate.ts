import type { ReactNode } from 'react'
import type { IntlShape } from 'react-intl'
import type { Sentence } from '#lib/platform/language/sentences.ts'

type Values = Record<string, string | number | Date | null | undefined>
type RichValues = Record<string, ReactNode | Date | ((chunks: ReactNode[]) => ReactNode)>

/**
 * Says an English sentence in the reader's language. `rich` is for sentences with elements in them:
 * `<link>...</link>` in the sentence, `link: (chunks) => ...` among the values.
 */
export type Translate = {
  (sentence: Sentence, values?: Values): string
  rich: (sentence: Sentence, values: RichValues) => ReactNode
  /** The locale (BCP 47) for dates and numbers. */
  locale: string
}

/** Makes the function from what the i18n library calls an intl: one language and its messages. */
export function makeTranslate({ formatMessage, locale }: IntlShape): Translate {
  // English sentences stand for themselves: they are the messages of the default language.
  const toMessage = (sentence: Sentence) => ({ id: sentence as string, defaultMessage: sentence as string })
  return Object.assign((sentence: Sentence, values?: Values) => formatMessage(toMessage(sentence), values), {
    rich: (sentence: Sentence, values: RichValues) => formatMessage(toMessage(sentence), values as never),
    locale,
  })
}
