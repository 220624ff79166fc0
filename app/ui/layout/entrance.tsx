import type { ReactNode } from 'react'
import { ClientSentences } from '#app/language/client-sentences.tsx'
import { LanguagePicker } from '#app/language/language-picker.tsx'
import { readPageLanguage } from '#app/language/page-language.ts'
import { LANGUAGE_COOKIE, listLanguages } from '#lib/platform/language/languages.ts'
import { Wordmark } from './mark.tsx'

/**
 * The frame of the pages before sign-in: the wordmark, a card with the page's heading, and links
 * below.
 */
export async function Entrance({
  title,
  hint,
  children,
  below,
}: {
  title: string
  hint?: ReactNode
  children: ReactNode
  below?: ReactNode
}) {
  return (
    <main id="content" className="grid min-h-dvh content-center justify-items-center gap-6 px-4 py-10">
      <Wordmark />
      <section className="w-full max-w-sm rounded-lg border border-line bg-surface p-6 wrap-anywhere">
        <h1 className="text-xl font-semibold">{title}</h1>
        {hint && <p className="mt-1 text-sm text-ink-soft">{hint}</p>}
        <div className="mt-5 grid gap-4">
          <ClientSentences rooms={['entrance']}>{children}</ClientSentences>
        </div>
      </section>
      {below && <div className="max-w-sm text-center text-sm text-ink-soft">{below}</div>}
      <LanguagePicker cookie={LANGUAGE_COOKIE} current={await readPageLanguage()} languages={listLanguages()} />
    </main>
  )
}
