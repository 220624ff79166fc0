'use client'

import { useState } from 'react'
import { FormProblem } from '../forms/form-problem.tsx'
import { sendJson } from '../forms/send-json.ts'
import { requireFilled, useForm } from '../forms/use-form.ts'
import { Field, TextInput } from '../ui/field.tsx'
import { Notice } from '../ui/notice.tsx'
import { SubmitButton } from '../ui/submit-button.tsx'

export function ForgotForm() {
  const [mailed, setMailed] = useState<string | null>(null)
  const { problems, pending, fields } = useForm({
    check: (values) => requireFilled(values, { email: 'Enter your e-mail address.' }),
    async send({ email = '' }) {
      const sent = await sendJson('POST', '/api/auth/forgot-password', { email })
      if (!sent.ok) return sent.code === 'bad_request' ? { email: sent.message } : { form: sent.message }
      setMailed(email)
    },
  })
  if (mailed)
    return (
      <Notice tone="ok" announce title="Look into your mail">
        If {mailed} has an account here, a link is on its way. It works once and for an hour.
      </Notice>
    )
  return (
    <form {...fields} className="grid gap-4">
      <p className="text-sm text-ink-soft">Enter the address of your account. We mail you a link to choose a new password.</p>
      <Field label="E-mail" error={problems.email}>
        <TextInput type="email" name="email" autoComplete="username" inputMode="email" required />
      </Field>
      <FormProblem message={problems.form} />
      <SubmitButton pending={pending} className="w-full">
        Mail me a link
      </SubmitButton>
    </form>
  )
}
