import { createIntl } from 'react-intl'
import { makeTranslate } from '#lib/platform/language/translate.ts'

/** English: what is said where no provider is, as on the page for a failed layout. */
export const english = makeTranslate(createIntl({ locale: 'en-GB', defaultLocale: 'en-GB', messages: {} }))
