'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { FormProblem } from '#app/forms/form-problem.tsx'
import { sendJson } from '#app/forms/send-json.ts'
import { requireFilled, useForm } from '#app/forms/use-form.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Badge } from '#app/ui/badge.tsx'
import { Field, Select, TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { VerifyButton } from './verify-button.tsx'

type Props = {
  name: string
  email: string
  verified: boolean
  canVerify: boolean
  timeZone: string | null
  timeZones: string[]
  /** The chosen language; null for the browser's. */
  language: string | null
  languages: { code: string; name: string }[]
}

export function ProfileForm({ name, email, verified, canVerify, timeZone, timeZones, language, languages }: Props) {
  const t = useTranslate()
  const router = useRouter()
  const [saved, setSaved] = useState(false)
  const { problems, pending, fields } = useForm({
    check: (values) => requireFilled(values, { name: t('Enter your name.') }),
    async send(values) {
      setSaved(false)
      const sent = await sendJson('PATCH', '/api/me', {
        name: values.name,
        time_zone: values.time_zone || null,
        language: values.language || null,
      })
      if (!sent.ok) return sent.code === 'bad_request' ? { name: sent.message } : { form: sent.message }
      setSaved(true)
      router.refresh()
      return undefined
    },
  })
  const zones = timeZone && !timeZones.includes(timeZone) ? [timeZone, ...timeZones] : timeZones
  return (
    <form {...fields} className="grid gap-4">
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Field label={t('Name')} error={problems.name}>
          <TextInput name="name" autoComplete="name" maxLength={100} required defaultValue={name} />
        </Field>
        <Field label={t('Time zone')}>
          <Select name="time_zone" defaultValue={timeZone ?? ''}>
            <option value="">{t('As my browser says')}</option>
            {zones.map((zone) => (
              <option key={zone} value={zone}>
                {zone.replaceAll('_', ' ')}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={t('Language')}>
          <Select name="language" defaultValue={language ?? ''}>
            <option value="">{t('As my browser says')}</option>
            {languages.map((each) => (
              <option key={each.code} value={each.code} lang={each.code}>
                {each.name}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <div className="grid gap-1.5">
        <p className="text-sm font-medium">{t('E-mail')}</p>
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <span className="break-all">{email}</span>
          <Badge tone={verified ? 'ok' : 'neutral'}>{verified ? t('Verified') : t('Not verified')}</Badge>
          {!verified && canVerify && <VerifyButton />}
        </div>
      </div>
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
