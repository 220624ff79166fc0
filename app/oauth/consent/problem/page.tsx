import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import type { Sentence } from '#lib/platform/language/sentences.ts'

export const generateMetadata = makeTitle('Not connected')

// Fixed sentences, because anyone can write the address.
const SENTENCES: Record<string, Sentence> = {
  expired:
    'This request has expired, was answered already, or was begun in another browser. Go back to the app and connect it again.',
  invalid_request:
    'The app sent an incomplete request. Go back to the app and connect it again. If it persists, tell the makers of the app.',
  invalid_client:
    'The app is not known here, or its description cannot be loaded. Remove its connection to this server in the app, and connect it again.',
  invalid_client_metadata: 'The description of the app that its makers publish is not valid. Tell them.',
  invalid_redirect_uri: 'The app wants the answer at an address that it did not register. Nothing was sent there.',
  server_error: 'Something went wrong on our side. Go back to the app and connect it again.',
}

export default async function ProblemPage({ searchParams }: { searchParams: Promise<{ code?: string | string[] }> }) {
  const t = await readTranslate()
  const { code } = await searchParams
  const sentence = typeof code === 'string' && Object.hasOwn(SENTENCES, code) ? SENTENCES[code] : undefined
  return (
    <Entrance title={t('Not connected')}>
      <p>{t(sentence ?? 'The app could not be connected. Go back to the app and connect it again.')}</p>
    </Entrance>
  )
}
