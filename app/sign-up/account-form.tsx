'use client'

import { useState } from 'react'
import { FormProblem } from '#app/forms/form-problem.tsx'
import { PasswordInput } from '#app/forms/password-input.tsx'
import { type Sent, sendJson } from '#app/forms/send-json.ts'
import { checkNewPassword, type Problems, requireFilled, useForm } from '#app/forms/use-form.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { signInWithPassword } from '#app/sign-in/password-sign-in.ts'
import { findSentence } from '#app/sign-in/sign-in-sentence.ts'
import { Field, TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { Notice } from '#app/ui/notice.tsx'
import type { Sentence } from '#lib/platform/language/sentences.ts'

const KNOWN: Sentence = 'This address may have an account already. Sign in with its password, or reset the password.'

/**
 * Name, address and password of a new account, and where to go next. `first` is the account that
 * becomes the admin; it may need the set-up code.
 */
export function AccountForm({
  first,
  path,
  needsCode = false,
  emailHint,
}: {
  first: boolean
  path?: string
  needsCode?: boolean
  emailHint?: string
}) {
  const t = useTranslate()
  const [mailed, setMailed] = useState<string | null>(null)
  const { problems, pending, fields } = useForm({
    check: (values) => ({
      ...requireFilled(values, {
        ...(needsCode && {
          setup_code: t(
            'Enter the set-up code. It is in the log of the server, in the line that begins with “first account”.',
          ),
        }),
        name: t('Enter your name.'),
        email: t('Enter your e-mail address.'),
      }),
      ...checkNewPassword(values, 'password', t),
    }),
    async send({ name, email = '', password = '', setup_code = '' }) {
      const sent = await sendJson<{ next: 'sign_in' | 'verify_email' }>('POST', '/api/auth/sign-up', {
        name,
        email,
        password,
        ...(first && { setup_code }),
      })
      if (!sent.ok) return problemOf(sent, needsCode)
      if (sent.data.next === 'verify_email') {
        setMailed(email)
        return
      }
      const reason = await signInWithPassword(email, password, path)
      return reason ? { form: t(reason === 'CredentialsSignin' ? KNOWN : findSentence(reason)) } : undefined
    },
  })
  if (mailed)
    return (
      <Notice tone="ok" announce title={t('Check your mail')}>
        {t('We sent a link to {mailed}. Open it within a day to finish; then you can sign in.', { mailed })}
      </Notice>
    )
  return (
    <form {...fields} className="grid gap-4">
      {needsCode && (
        <Field
          label={t('Set-up code')}
          hint={t('It is in the log of the server, in the line that begins with “first account”.')}
          error={problems.setup_code}
        >
          <TextInput
            name="setup_code"
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
            className="font-mono"
            required
          />
        </Field>
      )}
      <Field label={t('Name')} error={problems.name}>
        <TextInput name="name" autoComplete="name" maxLength={100} required />
      </Field>
      <Field label={t('E-mail')} hint={emailHint} error={problems.email}>
        <TextInput type="email" name="email" autoComplete="username" inputMode="email" required />
      </Field>
      <Field label={t('Password')} hint={t('At least 10 characters.')} error={problems.password}>
        <PasswordInput name="password" autoComplete="new-password" required />
      </Field>
      <FormProblem message={problems.form} />
      <SubmitButton pending={pending} className="w-full">
        {first ? t('Create the admin account') : t('Create account')}
      </SubmitButton>
    </form>
  )
}

function problemOf({ code, message, field }: Extract<Sent<unknown>, { ok: false }>, needsCode: boolean): Problems {
  if (code === 'forbidden') return needsCode ? { setup_code: message } : { email: message }
  if (code !== 'bad_request') return { form: message }
  return { [field ?? 'form']: message }
}
