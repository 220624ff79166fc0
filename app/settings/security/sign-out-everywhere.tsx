'use client'

import { useState } from 'react'
import { sendJson } from '#app/forms/send-json.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { Notice } from '#app/ui/notice.tsx'

export function SignOutEverywhere() {
  const t = useTranslate()
  const [done, setDone] = useState(false)
  return (
    <div className="grid justify-items-start gap-4">
      <ConfirmButton
        label={t('Sign out everywhere else')}
        tone="secondary"
        title={t('Sign out everywhere else?')}
        confirmLabel={t('Sign out everywhere else')}
        action={async () => {
          const sent = await sendJson('POST', '/api/me/sign-out-everywhere')
          setDone(sent.ok)
          return sent.ok ? undefined : { error: sent.message }
        }}
      >
        {t(
          'Every other browser must sign in again, authorized apps must ask you again, and answers that the assistant is working on stop.',
        )}
      </ConfirmButton>
      {done && (
        <Notice tone="ok" announce>
          {t('Every other session has ended.')}
        </Notice>
      )}
    </div>
  )
}
