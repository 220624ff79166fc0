'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { sendJson } from '#app/forms/send-json.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { Notice } from '#app/ui/notice.tsx'

export function RevokeAllTokens() {
  const t = useTranslate()
  const router = useRouter()
  const [revoked, setRevoked] = useState<number | null>(null)
  return (
    <div className="grid justify-items-start gap-4">
      <ConfirmButton
        label={t('Revoke all tokens')}
        tone="secondary"
        title={t('Revoke all personal tokens?')}
        confirmLabel={t('Revoke all tokens')}
        action={async () => {
          const sent = await sendJson<{ revoked: number }>('DELETE', '/api/me/tokens')
          if (!sent.ok) return { error: sent.message }
          setRevoked(sent.data.revoked)
          router.refresh()
          return undefined
        }}
      >
        {t('Every script and client that uses one of your tokens stops working at once.')}
      </ConfirmButton>
      {revoked !== null && (
        <Notice tone="ok" announce>
          {t('{revoked, plural, one {One token was revoked.} other {# tokens were revoked.}}', { revoked })}
        </Notice>
      )}
    </div>
  )
}
