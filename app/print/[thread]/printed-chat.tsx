'use client'

import { Printer } from 'lucide-react'
import { ReadOnlyChat } from '#app/chat/share/read-only-chat.tsx'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'

/** The whole conversation, as long as it is, with a button that prints it. */
export function PrintedChat({ id, nonce }: { id: string; nonce?: string }) {
  const t = useTranslate()
  return (
    <>
      <p className="my-4 print:hidden">
        <Button tone="primary" onClick={() => print()}>
          <Printer aria-hidden className="size-4" />
          {t('Print')}
        </Button>
      </p>
      <ReadOnlyChat
        url={`/api/me/conversations/${id}/reading`}
        threadId={id}
        frameTitle={t('Conversation')}
        nonce={nonce}
        data-whole=""
      />
    </>
  )
}
