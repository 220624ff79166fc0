import { headers } from 'next/headers'
import { notFound } from 'next/navigation'
import { ClientSentences } from '#app/language/client-sentences.tsx'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { PrintedChat } from '#app/print/[thread]/printed-chat.tsx'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { AppError } from '#lib/platform/errors.ts'

export const generateMetadata = makeTitle('Print')

/** One of the person's own conversations as a page to print. */
export default async function PrintPage({ params }: { params: Promise<{ thread: string }> }) {
  const t = await readTranslate()
  const caller = await requirePageCaller()
  const thread = await createPrismaStore(caller)
    .loadThread((await params).thread)
    .catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'not_found') return null
      throw error
    })
  if (!thread) notFound()
  return (
    <main className="mx-auto max-w-3xl px-4 py-6">
      <h1 className="text-2xl font-semibold wrap-anywhere" dir="auto">
        {thread.title ?? t('Conversation')}
      </h1>
      <ClientSentences rooms={['chat']}>
        <PrintedChat id={thread.id} nonce={(await headers()).get('x-nonce') ?? undefined} />
      </ClientSentences>
    </main>
  )
}
