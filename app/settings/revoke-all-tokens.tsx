'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { sendJson } from '#app/forms/send-json.ts'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { Notice } from '#app/ui/notice.tsx'

export function RevokeAllTokens() {
  const router = useRouter()
  const [revoked, setRevoked] = useState<number | null>(null)
  return (
    <div className="grid justify-items-start gap-4">
      <ConfirmButton
        label="Revoke all tokens"
        tone="secondary"
        title="Revoke all personal tokens?"
        confirmLabel="Revoke all tokens"
        action={async () => {
          const sent = await sendJson<{ revoked: number }>('DELETE', '/api/me/tokens')
          if (!sent.ok) return { error: sent.message }
          setRevoked(sent.data.revoked)
          router.refresh()
          return undefined
        }}
      >
        Every script and client that uses one of your tokens stops working at once.
      </ConfirmButton>
      {revoked !== null && (
        <Notice tone="ok" announce>
          {revoked === 1 ? 'One token was revoked.' : `${revoked} tokens were revoked.`}
        </Notice>
      )}
    </div>
  )
}
