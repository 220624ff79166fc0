'use client'

import { AudienceFields, type ShownAudience } from '#app/admin/audience/audience-fields.tsx'
import { ActionForm } from '#app/ui/forms/action-form.tsx'
import { Field, Select, TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { setLimit } from './actions.ts'

/** A limit as its form shows it. */
export type ShownLimit = {
  id: string
  audience: ShownAudience
  whose: 'each' | 'together'
  period: 'day' | 'month'
  unit: 'tokens' | 'cost'
  amount: string
  warnPercent: number
}

/** Adds a limit, or changes `limit`. */
export function LimitForm({ limit }: { limit?: ShownLimit | undefined }) {
  return (
    <ActionForm action={setLimit} fields={limit && { id: limit.id }} className="grid gap-4">
      <AudienceFields audience={limit?.audience} />
      <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        <Field label="Whose use counts">
          <Select name="whose" defaultValue={limit?.whose ?? 'each'}>
            <option value="each">Each of them for themselves</option>
            <option value="together">All of them together</option>
          </Select>
        </Field>
        <Field label="Period" hint="Begins at midnight UTC.">
          <Select name="period" defaultValue={limit?.period ?? 'month'}>
            <option value="day">A day</option>
            <option value="month">A calendar month</option>
          </Select>
        </Field>
        <Field label="Counted in" hint="Models without a price use no dollars.">
          <Select name="unit" defaultValue={limit?.unit ?? 'tokens'}>
            <option value="tokens">Tokens, input and output</option>
            <option value="cost">US dollars</option>
          </Select>
        </Field>
        <Field label="Amount" hint="0 lets nobody of them ask a model.">
          <TextInput
            name="amount"
            required
            inputMode="decimal"
            autoComplete="off"
            maxLength={40}
            defaultValue={limit?.amount}
          />
        </Field>
        <Field label="Warn at" hint="Percent of the amount. Each person is told once in a period.">
          <TextInput
            name="warnPercent"
            required
            inputMode="numeric"
            autoComplete="off"
            maxLength={3}
            defaultValue={limit?.warnPercent ?? 80}
          />
        </Field>
      </div>
      <div>
        <SubmitButton tone="primary">{limit ? 'Save' : 'Add limit'}</SubmitButton>
      </div>
    </ActionForm>
  )
}
