'use client'

import { forgetDrafts } from '#app/chat/drafts.ts'
import { PasswordInput } from '#app/forms/password-input.tsx'
import { sendJson } from '#app/forms/send-json.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { Field } from '#app/ui/forms/field.tsx'

export function DeleteAccount({ hasPassword }: { hasPassword: boolean }) {
  const t = useTranslate()
  return (
    <ConfirmButton
      label={t('Delete my account')}
      tone="danger"
      title={t('Delete your account?')}
      confirmLabel={t('Delete for good')}
      action={async (form) => {
        const sent = await sendJson(
          'DELETE',
          '/api/me',
          hasPassword ? { password: String(form.get('password') ?? '') } : {},
        )
        if (!sent.ok) return { error: sent.message }
        forgetDrafts()
        window.location.assign('/sign-in')
        return undefined
      }}
    >
      <p>
        {t('Your threads, tasks, notes, tokens and the record of your tool calls are removed. This cannot be undone.')}
      </p>
      {hasPassword && (
        <Field label={t('Password')}>
          <PasswordInput name="password" autoComplete="current-password" required />
        </Field>
      )}
    </ConfirmButton>
  )
}
