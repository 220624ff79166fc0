'use client'

import { FormProblem } from '#app/forms/form-problem.tsx'
import { PasswordInput } from '#app/forms/password-input.tsx'
import { sendJson } from '#app/forms/send-json.ts'
import { TextLink } from '#app/forms/text-link.tsx'
import { checkNewPassword, useForm } from '#app/forms/use-form.ts'
import { useFragment } from '#app/forms/use-fragment.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { signInWithPassword } from '#app/sign-in/password-sign-in.ts'
import { findSentence } from '#app/sign-in/sign-in-sentence.ts'
import { Field } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { Notice } from '#app/ui/notice.tsx'

export function ResetForm() {
  const t = useTranslate()
  const code = useFragment()
  const { problems, pending, fields } = useForm({
    check: (values) => checkNewPassword(values, 'password', t),
    async send({ password = '' }) {
      const sent = await sendJson<{ email: string }>('POST', '/api/auth/reset-password', { code, password })
      if (!sent.ok) return { form: sent.message }
      const reason = await signInWithPassword(sent.data.email, password)
      return reason ? { form: t('Your password is changed. {reason}', { reason: t(findSentence(reason)) }) } : undefined
    },
  })
  if (code === '')
    return (
      <Notice tone="warn" title={t('This link is not complete')}>
        {t.rich('Open it from the mail again, or <link>ask for a new one</link>.', {
          link: (chunks) => <TextLink href="/forgot-password">{chunks}</TextLink>,
        })}
      </Notice>
    )
  return (
    <form {...fields} className="grid gap-4">
      <Field label={t('New password')} hint={t('At least 10 characters.')} error={problems.password}>
        <PasswordInput name="password" autoComplete="new-password" required />
      </Field>
      <FormProblem message={problems.form} />
      <SubmitButton pending={pending} disabled={!code} className="w-full">
        {t('Set password and sign in')}
      </SubmitButton>
    </form>
  )
}
