'use client'

import { useState } from 'react'
import { FormProblem } from '#app/forms/form-problem.tsx'
import { sendJson } from '#app/forms/send-json.ts'
import { useForm } from '#app/forms/use-form.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Field, TextArea } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { Notice } from '#app/ui/notice.tsx'

/** What a person wants assistants to know: about them, and how to answer. */
export function OwnWordsForm({ words }: { words: { about: string; howToAnswer: string } }) {
  const t = useTranslate()
  const [saved, setSaved] = useState(false)
  const { problems, pending, fields } = useForm({
    async send(values) {
      setSaved(false)
      const sent = await sendJson('PATCH', '/api/me/own-words', {
        about: values.about,
        how_to_answer: values.how_to_answer,
      })
      if (!sent.ok) return { form: sent.message }
      setSaved(true)
      return undefined
    },
  })
  return (
    <form {...fields} className="grid gap-4">
      <Field label={t('About you')} optional hint={t('Such as your work, your team, what you use.')}>
        <TextArea name="about" rows={3} maxLength={3_000} defaultValue={words.about} />
      </Field>
      <Field label={t('How to answer')} optional hint={t('Such as short, with examples, in German.')}>
        <TextArea name="how_to_answer" rows={3} maxLength={3_000} defaultValue={words.howToAnswer} />
      </Field>
      <FormProblem message={problems.form} />
      {saved && (
        <Notice tone="ok" announce>
          {t('Saved.')}
        </Notice>
      )}
      <div>
        <SubmitButton pending={pending}>{t('Save')}</SubmitButton>
      </div>
    </form>
  )
}
