'use client'

import { createContext, type ReactNode, useContext, useEffect, useMemo } from 'react'
import { createIntl } from 'react-intl'
import type { Dictionary } from '#lib/platform/language/sentences.ts'
import { makeTranslate, type Translate } from '#lib/platform/language/translate.ts'
import { browserTranslate, setBrowserTranslate } from './browser-translate.ts'

const Spoken = createContext<{ t: Translate; sentences: Dictionary } | null>(null)

/** Adds sentences to those of the provider around it. */
export function SentencesProvider({
  locale,
  defaultLocale,
  sentences,
  children,
}: {
  locale: string
  /** English's. */
  defaultLocale: string
  sentences: Dictionary
  children: ReactNode
}) {
  const outer = useContext(Spoken)?.sentences
  const spoken = useMemo(() => {
    const all = { ...outer, ...sentences }
    return { t: makeTranslate(createIntl({ locale, defaultLocale, messages: all })), sentences: all }
  }, [outer, sentences, locale, defaultLocale])
  // The innermost provider has the most sentences, and its effect runs first.
  useEffect(() => setBrowserTranslate(spoken.t), [spoken])
  return <Spoken value={spoken}>{children}</Spoken>
}

/**
 * The page's translations, for client components below a `ClientSentences` of their room. Without
 * any, as in place of a failed layout, those that the tab had last.
 */
export function useTranslate(): Translate {
  return useContext(Spoken)?.t ?? browserTranslate()
}
