'use client'

import { useState } from 'react'
import { FormProblem } from '#app/forms/form-problem.tsx'
import { sendJson } from '#app/forms/send-json.ts'
import { requireFilled, useForm } from '#app/forms/use-form.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Field, TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { Notice } from '#app/ui/notice.tsx'

export function ForgotForm() {
  const t = useTranslate()
  const [mailed, setMailed] = useState<string | null>(null)
  const { problems, pending, fields } = useForm({
    check: (values) => requireFilled(values, { email: t('Enter your e-mail address.') }),
    async send({ email = '' }) {
      const sent = await sendJson('POST', '/api/auth/forgot-password', { email })
      if (!sent.ok) return sent.code === 'bad_request' ? { email: sent.message } : { form: sent.message }
      setMailed(email)
      return undefined
    },
  })
  if (mailed)
    return (
      <Notice tone="ok" announce title={t('Check your mail')}>
        {t('If {mailed} has an account here, a link is on its way. It works once and for an hour.', { mailed })}
      </Notice>
    )
  return (
    <form {...fields} className="grid gap-4">
      <p className="text-sm text-ink-soft">
        {t('Enter the address of your account. We mail you a link to choose a new password.')}
      </p>
      <Field label={t('E-mail')} error={problems.email}>
        <TextInput type="email" name="email" autoComplete="username" inputMode="email" required />
      </Field>
      <FormProblem message={problems.form} />
      <SubmitButton pending={pending} className="w-full">
        {t('Mail me a link')}
      </SubmitButton>
    </form>
  )
}
