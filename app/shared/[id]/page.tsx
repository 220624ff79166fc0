import { headers } from 'next/headers'
import { notFound } from 'next/navigation'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { SharedPanel } from '#app/shared/[id]/shared-panel.tsx'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { findOpenShare } from '#lib/data/shares/share-reader.ts'
import { AppError } from '#lib/platform/errors.ts'

export const generateMetadata = makeTitle('Shared conversation')

/** A conversation that somebody shared with this person: the chat's own element, which only reads. */
export default async function SharedPage({ params }: { params: Promise<{ id: string }> }) {
  const t = await readTranslate()
  const caller = await requirePageCaller()
  const share = await findShare(caller, (await params).id)
  if (!share) notFound()
  return (
    <SharedPanel
      id={share.id}
      title={share.title ?? t('Conversation')}
      sharedBy={share.ownerId === caller.userId ? null : share.sharedBy}
      sharedOn={new Intl.DateTimeFormat(t.locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(share.createdAt)}
      withTools={share.withTools}
      canContinue={share.status.type === 'active'}
      nonce={(await headers()).get('x-nonce') ?? undefined}
    />
  )
}

async function findShare(caller: { userId: string }, id: string) {
  try {
    return await findOpenShare(caller, id)
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return null
    throw error
  }
}
