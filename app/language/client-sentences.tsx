import type { ReactNode } from 'react'
import { LANGUAGES } from '#lib/platform/language/languages.ts'
import { loadSentences, type Room } from '#lib/platform/language/sentences.ts'
import { readPageLanguage } from './page-language.ts'
import { SentencesProvider } from './sentences-provider.tsx'

/** Gives the client components below it the sentences of these rooms, beside those that they have. */
export async function ClientSentences({ rooms, children }: { rooms: Room[]; children: ReactNode }) {
  const language = await readPageLanguage()
  const { client } = await loadSentences(language)
  return (
    <SentencesProvider
      locale={LANGUAGES[language].formats}
      defaultLocale={LANGUAGES.en.formats}
      sentences={Object.assign({}, ...rooms.map((room) => client[room]))}
    >
      {children}
    </SentencesProvider>
  )
}
