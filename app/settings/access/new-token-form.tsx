'use client'

import { useState } from 'react'
import { FormProblem } from '#app/forms/form-problem.tsx'
import { ScopeChoice } from '#app/forms/scope-choice.tsx'
import { sendJson } from '#app/forms/send-json.ts'
import { requireFilled, useForm } from '#app/forms/use-form.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'
import { Field, Select, TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import type { Sentence } from '#lib/platform/language/sentences.ts'

const LIFETIMES: { days: string; label: Sentence }[] = [
  { days: '7', label: '7 days' },
  { days: '30', label: '30 days' },
  { days: '90', label: '90 days' },
  { days: '365', label: 'One year' },
  { days: '', label: 'No end' },
]

type Props = { scopes: { id: string; label: string }[]; onMade: (token: string) => void; onCancel: () => void }

export function NewTokenForm({ scopes, onMade, onCancel }: Props) {
  const t = useTranslate()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(scopes.map(({ id }) => id)))
  const { problems, pending, fields } = useForm({
    check: (values) => requireFilled(values, { name: t('Name the token after what will use it.') }),
    async send({ name, days }) {
      const wish = { name, scopes: [...chosen], expires_in_days: days ? Number(days) : null }
      const sent = await sendJson<{ token: string }>('POST', '/api/me/tokens', wish)
      if (!sent.ok) return { form: sent.message }
      onMade(sent.data.token)
      return undefined
    },
  })

  return (
    <form {...fields} className="grid gap-4">
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Field label={t('Name')} hint={t('What will use it.')} error={problems.name}>
          <TextInput name="name" autoComplete="off" maxLength={100} required autoFocus placeholder={t('My laptop')} />
        </Field>
        <Field label={t('Valid for')}>
          <Select name="days" defaultValue="90">
            {LIFETIMES.map(({ days, label }) => (
              <option key={label} value={days}>
                {t(label)}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <ScopeChoice named legend={t('It may')} scopes={scopes} chosen={chosen} onChange={setChosen} />
      <FormProblem message={problems.form} />
      <div className="flex flex-wrap gap-2">
        <SubmitButton pending={pending}>{t('Make token')}</SubmitButton>
        <Button onClick={onCancel}>{t('Cancel')}</Button>
      </div>
    </form>
  )
}
