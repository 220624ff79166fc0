'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { FormProblem } from '#app/forms/form-problem.tsx'
import { PasswordInput } from '#app/forms/password-input.tsx'
import { sendJson } from '#app/forms/send-json.ts'
import { checkNewPassword, requireFilled, useForm } from '#app/forms/use-form.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Field } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { Notice } from '#app/ui/notice.tsx'

export function PasswordForm({ hasPassword, email }: { hasPassword: boolean; email: string }) {
  const t = useTranslate()
  const router = useRouter()
  // Counts the changes. Used as a key, it empties the fields after each change.
  const [changes, setChanges] = useState(0)
  const { problems, pending, fields } = useForm({
    check: (values) => ({
      ...(hasPassword && requireFilled(values, { old_password: t('Enter your current password.') })),
      ...checkNewPassword(values, 'new_password', t),
    }),
    async send({ old_password, new_password }) {
      const sent = await sendJson('POST', '/api/me/password', { ...(hasPassword && { old_password }), new_password })
      if (sent.ok) {
        setChanges((count) => count + 1)
        router.refresh()
        return
      }
      if (sent.code === 'forbidden' && hasPassword) return { old_password: sent.message }
      return sent.code === 'bad_request' ? { new_password: sent.message } : { form: sent.message }
    },
  })
  return (
    <form {...fields} className="grid gap-4">
      {/* Password managers save a new password under this name. */}
      <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
      <div key={changes} className="grid items-start gap-4 sm:grid-cols-2">
        {hasPassword && (
          <Field label={t('Current password')} error={problems.old_password}>
            <PasswordInput name="old_password" autoComplete="current-password" required />
          </Field>
        )}
        <Field label={t('New password')} hint={t('At least 10 characters.')} error={problems.new_password}>
          <PasswordInput name="new_password" autoComplete="new-password" required />
        </Field>
      </div>
      <FormProblem message={problems.form} />
      {changes > 0 && !pending && (
        <Notice tone="ok" announce>
          {t('Your password is changed, and every other session has ended.')}
        </Notice>
      )}
      <div>
        <SubmitButton pending={pending} tone="secondary">
          {hasPassword ? t('Change password') : t('Set password')}
        </SubmitButton>
      </div>
    </form>
  )
}
