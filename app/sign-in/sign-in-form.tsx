'use client'

import { useState } from 'react'
import { FormProblem } from '#app/forms/form-problem.tsx'
import { PasswordInput } from '#app/forms/password-input.tsx'
import { sendJson } from '#app/forms/send-json.ts'
import { TextLink } from '#app/forms/text-link.tsx'
import { requireFilled, useForm } from '#app/forms/use-form.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'
import { Field, TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { signInWithPassword } from './password-sign-in.ts'
import { findSentence } from './sign-in-sentence.ts'

/** Sign-in by address and password, and by a mailed link if the server sends mail. */
export function SignInForm({ path, mailLinks }: { path: string; mailLinks: boolean }) {
  const t = useTranslate()
  const [mailed, setMailed] = useState<string | null>(null)
  const [byMail, setByMail] = useState(false)
  const { problems, pending, fields } = useForm({
    check: (values) =>
      requireFilled(values, {
        email: t('Enter your e-mail address.'),
        ...(!byMail && { password: t('Enter your password.') }),
      }),
    async send({ email = '', password = '' }) {
      setMailed(null)
      if (!byMail) {
        const reason = await signInWithPassword(email, password, path)
        return reason ? { form: t(findSentence(reason)) } : undefined
      }
      const sent = await sendJson('POST', '/api/auth/mail-link', { email })
      if (!sent.ok) return sent.code === 'bad_request' ? { email: sent.message } : { form: sent.message }
      setMailed(email)
      return undefined
    },
  })
  return (
    <form {...fields} className="grid gap-4">
      <Field label={t('E-mail')} error={problems.email}>
        <TextInput type="email" name="email" autoComplete="username" inputMode="email" required />
      </Field>
      {!byMail && (
        <Field label={t('Password')} error={problems.password}>
          <PasswordInput name="password" autoComplete="current-password" required />
        </Field>
      )}
      <FormProblem message={problems.form} />
      {mailed && (
        <Notice tone="ok" announce title={t('Check your mail')}>
          {t('If {mailed} can sign in here, a link is on its way. It works for 15 minutes.', { mailed })}
        </Notice>
      )}
      <SubmitButton pending={pending} className="w-full">
        {byMail ? t('Mail me a link') : t('Sign in')}
      </SubmitButton>
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 text-sm">
        <TextLink href="/forgot-password">{t('Forgot your password?')}</TextLink>
        {mailLinks && (
          <Button tone="quiet" size="sm" className="-me-3" onClick={() => setByMail(!byMail)}>
            {byMail ? t('Use a password') : t('Sign in by mail')}
          </Button>
        )}
      </div>
    </form>
  )
}
