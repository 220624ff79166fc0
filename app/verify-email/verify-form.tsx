'use client'

import { useState } from 'react'
import { FormProblem } from '#app/forms/form-problem.tsx'
import { PasswordInput } from '#app/forms/password-input.tsx'
import { sendJson } from '#app/forms/send-json.ts'
import { requireFilled, useForm } from '#app/forms/use-form.ts'
import { useFragment } from '#app/forms/use-fragment.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { signInWithPassword } from '#app/sign-in/password-sign-in.ts'
import { findSentence } from '#app/sign-in/sign-in-sentence.ts'
import { LinkButton } from '#app/ui/button.tsx'
import { Field } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { Notice } from '#app/ui/notice.tsx'

/**
 * Verifies an address. A signed-in person confirms; anyone else also enters the account's password
 * and is signed in.
 */
export function VerifyForm({ signedIn }: { signedIn: boolean }) {
  const t = useTranslate()
  const code = useFragment()
  const [asked, setAsked] = useState(!signedIn)
  const [verified, setVerified] = useState<string | null>(null)
  const { problems, pending, fields } = useForm({
    check: (values) => (asked ? requireFilled(values, { password: t('Enter your password.') }) : {}),
    async send({ password }) {
      const sent = await sendJson<{ email: string }>('POST', '/api/auth/verify-email', {
        code,
        ...(asked && { password }),
      })
      if (!sent.ok && sent.code === 'forbidden') {
        // Someone else is signed in, so the form asks for this account's password.
        setAsked(true)
        return { password: sent.message }
      }
      if (!sent.ok) return { form: sent.message }
      if (signedIn || !password) {
        setVerified(sent.data.email)
        return
      }
      const reason = await signInWithPassword(sent.data.email, password)
      return reason ? { form: t('Your address is verified. {reason}', { reason: t(findSentence(reason)) }) } : undefined
    },
  })
  if (verified)
    return (
      <Notice
        tone="ok"
        announce
        title={t('Verified')}
        action={<LinkButton href="/chat">{t('Go to the chat')}</LinkButton>}
      >
        {t('{verified} is yours.', { verified })}
      </Notice>
    )
  if (code === '')
    return (
      <Notice tone="warn" title={t('This link is not complete')}>
        {t('Open it from the mail again.')}
      </Notice>
    )
  return (
    <form {...fields} className="grid gap-4">
      {asked && (
        <Field label={t('Password')} error={problems.password}>
          <PasswordInput name="password" autoComplete="current-password" required />
        </Field>
      )}
      <FormProblem message={problems.form} />
      <SubmitButton pending={pending} disabled={!code} className="w-full">
        {t('Verify this address')}
      </SubmitButton>
    </form>
  )
}
