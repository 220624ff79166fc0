'use client'

import { MessageCircleDashed } from 'lucide-react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'
import type { Sentence } from '#lib/platform/language/sentences.ts'

/** The choice before a conversation begins, whether it is temporary, and what that means. */
export function TemporaryChoice({ isChosen, onChoose }: { isChosen: boolean; onChoose: (isChosen: boolean) => void }) {
  const t = useTranslate()
  return (
    <div className="flex flex-wrap items-center justify-end gap-x-3 gap-y-1 px-3 pt-2">
      {isChosen && <p className="min-w-0 flex-1 basis-60 text-sm text-ink-soft">{t(MEANING)}</p>}
      <Button
        size="sm"
        tone={isChosen ? 'secondary' : 'quiet'}
        aria-pressed={isChosen}
        onClick={() => onChoose(!isChosen)}
      >
        <MessageCircleDashed aria-hidden className="size-4" />
        {t('Temporary')}
      </Button>
    </div>
  )
}

/** Stands above a temporary conversation, with the way to end it. */
export function TemporaryBar({ onEnd }: { onEnd: () => void }) {
  const t = useTranslate()
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line bg-sunken px-4 py-2 text-sm"
    >
      <MessageCircleDashed aria-hidden className="size-4 shrink-0 text-accent" />
      <p className="min-w-0 flex-1 basis-60">
        <strong className="font-semibold">{t('Temporary.')}</strong> {t(MEANING)}
      </p>
      <Button size="sm" onClick={onEnd}>
        {t('End it now')}
      </Button>
    </div>
  )
}

const MEANING: Sentence =
  'It is not in your history, uses and makes no memories, and is gone when you leave it. Your activity keeps which tools were called and with what, without their results.'
