'use client'

import { useState } from 'react'
import { FormProblem } from '#app/forms/form-problem.tsx'
import { PasswordInput } from '#app/forms/password-input.tsx'
import { sendJson } from '#app/forms/send-json.ts'
import { TextLink } from '#app/forms/text-link.tsx'
import { requireFilled, useForm } from '#app/forms/use-form.ts'
import { Button } from '#app/ui/button.tsx'
import { Field, TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { signInWithPassword } from './password-sign-in.ts'
import { findSentence } from './sign-in-sentence.ts'

const NO_EMAIL = { email: 'Enter your e-mail address.' }

/** Sign-in by address and password, and by a mailed link if the server sends mail. */
export function SignInForm({ path, mailLinks }: { path: string; mailLinks: boolean }) {
  const [mailed, setMailed] = useState<string | null>(null)
  const [byMail, setByMail] = useState(false)
  const { problems, pending, fields } = useForm({
    check: (values) => requireFilled(values, byMail ? NO_EMAIL : { ...NO_EMAIL, password: 'Enter your password.' }),
    async send({ email = '', password = '' }) {
      setMailed(null)
      if (!byMail) {
        const reason = await signInWithPassword(email, password, path)
        return reason ? { form: findSentence(reason) } : undefined
      }
      const sent = await sendJson('POST', '/api/auth/mail-link', { email })
      if (!sent.ok) return sent.code === 'bad_request' ? { email: sent.message } : { form: sent.message }
      setMailed(email)
      return undefined
    },
  })
  return (
    <form {...fields} className="grid gap-4">
      <Field label="E-mail" error={problems.email}>
        <TextInput type="email" name="email" autoComplete="username" inputMode="email" required />
      </Field>
      {!byMail && (
        <Field label="Password" error={problems.password}>
          <PasswordInput name="password" autoComplete="current-password" required />
        </Field>
      )}
      <FormProblem message={problems.form} />
      {mailed && (
        <Notice tone="ok" announce title="Check your mail">
          If {mailed} can sign in here, a link is on its way. It works for 15 minutes.
        </Notice>
      )}
      <SubmitButton pending={pending} className="w-full">
        {byMail ? 'Mail me a link' : 'Sign in'}
      </SubmitButton>
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 text-sm">
        <TextLink href="/forgot-password">Forgot your password?</TextLink>
        {mailLinks && (
          <Button tone="quiet" size="sm" className="-me-3" onClick={() => setByMail(!byMail)}>
            {byMail ? 'Use a password' : 'Sign in by mail'}
          </Button>
        )}
      </div>
    </form>
  )
}
