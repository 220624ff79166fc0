'use client'

import { FormProblem } from '../../forms/form-problem.tsx'
import { TextLink } from '../../forms/text-link.tsx'
import { useForm } from '../../forms/use-form.ts'
import { useFragment } from '../../forms/use-fragment.ts'
import { SubmitButton } from '../../ui/submit-button.tsx'
import { signInWithMailLink } from '../password-sign-in.ts'
import { sentenceFor } from '../sentences.ts'

export function MailLinkForm() {
  const code = useFragment()
  const { problems, pending, fields } = useForm({
    async send() {
      const reason = await signInWithMailLink(code ?? '')
      return reason ? { form: sentenceFor(reason) } : undefined
    },
  })
  return (
    <form {...fields} className="grid gap-4">
      <FormProblem message={code === '' ? sentenceFor('MailLinkSpent') : problems.form} />
      <SubmitButton pending={pending} disabled={!code} className="w-full">
        Sign in
      </SubmitButton>
      <p className="text-sm">
        <TextLink href="/sign-in">Sign in another way</TextLink>
      </p>
    </form>
  )
}
