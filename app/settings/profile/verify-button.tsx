'use client'

import { useState } from 'react'
import { sendJson } from '#app/forms/send-json.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'

/** Mails a link that verifies the address, and confirms that it was sent. */
export function VerifyButton() {
  const t = useTranslate()
  const [state, setState] = useState<{ pending: boolean; sentence?: string }>({ pending: false })

  async function send() {
    setState({ pending: true })
    const sent = await sendJson('POST', '/api/me/verify-email')
    setState({ pending: false, sentence: sent.ok ? t('We sent you a link. Open it within a day.') : sent.message })
  }

  return (
    <>
      <Button size="sm" onClick={send} disabled={state.pending} aria-busy={state.pending}>
        {t('Verify')}
      </Button>
      <span role="status" className="text-sm text-ink-soft">
        {state.sentence}
      </span>
    </>
  )
}
