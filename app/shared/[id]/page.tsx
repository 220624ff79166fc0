import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { notFound } from 'next/navigation'
import { SharedPanel } from '#app/shared/[id]/shared-panel.tsx'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { findOpenShare } from '#lib/data/shares/share-reader.ts'
import { AppError } from '#lib/platform/errors.ts'

export const metadata: Metadata = { title: 'Shared conversation' }

const DAY = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' })

/** A conversation that somebody shared with this person: the chat's own element, which only reads. */
export default async function SharedPage({ params }: { params: Promise<{ id: string }> }) {
  const caller = await requirePageCaller()
  const share = await findShare(caller, (await params).id)
  if (!share) notFound()
  return (
    <SharedPanel
      id={share.id}
      title={share.title ?? 'Conversation'}
      sharedBy={share.ownerId === caller.userId ? null : share.sharedBy}
      sharedOn={DAY.format(share.createdAt)}
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
