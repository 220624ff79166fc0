'use client'

import { FormProblem } from '#app/forms/form-problem.tsx'
import { TextLink } from '#app/forms/text-link.tsx'
import { useForm } from '#app/forms/use-form.ts'
import { useFragment } from '#app/forms/use-fragment.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { signInWithMailLink } from '#app/sign-in/password-sign-in.ts'
import { findSentence } from '#app/sign-in/sign-in-sentence.ts'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'

export function MailLinkForm() {
  const t = useTranslate()
  const code = useFragment()
  const { problems, pending, fields } = useForm({
    async send() {
      const reason = await signInWithMailLink(code ?? '')
      return reason ? { form: t(findSentence(reason)) } : undefined
    },
  })
  return (
    <form {...fields} className="grid gap-4">
      <FormProblem message={code === '' ? t(findSentence('MailLinkSpent')) : problems.form} />
      <SubmitButton pending={pending} disabled={!code} className="w-full">
        {t('Sign in')}
      </SubmitButton>
      <p className="text-sm">
        <TextLink href="/sign-in">{t('Sign in another way')}</TextLink>
      </p>
    </form>
  )
}
