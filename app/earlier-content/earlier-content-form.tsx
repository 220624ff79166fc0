'use client'

import { useState } from 'react'
import { FormProblem } from '#app/forms/form-problem.tsx'
import { sendJson } from '#app/forms/send-json.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'

/** Keeps or deletes all of the content, then continues to the chat. */
export function EarlierContentForm() {
  const t = useTranslate()
  const [problem, setProblem] = useState<string>()
  const decide = async (decision: 'keep' | 'delete') => {
    const sent = await sendJson('POST', '/api/me/earlier-content', { decision })
    if (!sent.ok) return { error: sent.message }
    window.location.assign('/chat')
    return undefined
  }
  return (
    <div className="grid gap-3">
      <FormProblem message={problem} />
      <Button tone="primary" onClick={async () => setProblem((await decide('keep'))?.error)}>
        {t('It is mine: keep it')}
      </Button>
      <ConfirmButton
        label={t('Delete it')}
        tone="danger"
        title={t('Delete all of it?')}
        confirmLabel={t('Delete for good')}
        action={() => decide('delete')}
      >
        <p>{t('The conversations, tasks, notes, files and wishes of the list are removed. This cannot be undone.')}</p>
      </ConfirmButton>
    </div>
  )
}
