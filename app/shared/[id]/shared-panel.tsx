'use client'

import { MessageSquarePlus } from 'lucide-react'
import { useState } from 'react'
import { ReadOnlyChat } from '#app/chat/share/read-only-chat.tsx'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { ActionForm } from '#app/ui/forms/action-form.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { NothingHere } from '#app/ui/layout/nothing-here.tsx'
import { continueFromShare } from './actions.ts'

type Props = {
  id: string
  title: string
  /** Null: this person. */
  sharedBy: string | null
  sharedOn: string
  withTools: boolean
  canContinue: boolean
}

/** The shared conversation below a line that says whose it is, with the way to go on with it. */
export function SharedPanel({ nonce, ...shown }: Props & { nonce?: string }) {
  const t = useTranslate()
  const { id, title, sharedBy, sharedOn, withTools, canContinue } = shown
  const [isOver, setOver] = useState(false)
  if (isOver) return <NothingHere />
  return (
    <div className="flex h-full flex-col">
      <header className="flex flex-wrap items-center gap-3 border-b border-line bg-surface px-4 py-3">
        <div className="min-w-0 flex-1 basis-48">
          <h1 className="truncate font-semibold" dir="auto">
            {title}
          </h1>
          <p className="text-sm text-ink-soft">
            {sharedBy === null
              ? t('You shared this copy on {sharedOn}', { sharedOn })
              : t('A copy, shared by {sharedBy} on {sharedOn}', { sharedBy, sharedOn })}
          </p>
        </div>
        {canContinue && (
          <ActionForm action={continueFromShare} fields={{ id }}>
            <SubmitButton tone="primary">
              <MessageSquarePlus aria-hidden className="size-4" />
              {t('Continue from here')}
            </SubmitButton>
          </ActionForm>
        )}
      </header>
      <ReadOnlyChat
        url={`/api/shared/${id}/chatkit`}
        threadId={id}
        frameTitle={t('Shared conversation')}
        nonce={nonce}
        // It was ended while this page was open.
        onGone={() => setOver(true)}
        {...(withTools && { 'data-calls-url': `/api/shared/${id}/calls` })}
      />
    </div>
  )
}
