'use client'

import { FormProblem } from '#app/forms/form-problem.tsx'
import { LinkButton } from '#app/ui/button.tsx'
import { CheckBox } from '#app/ui/forms/check-box.tsx'
import { Field, Select, TextArea, TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { useActionForm } from '#app/ui/forms/use-action-form.ts'
import { saveProvider } from './actions.ts'

/** A provider as its form shows it: of its secrets only that they are there, and the headers' names. */
export type ShownProvider = {
  id: string
  name: string
  baseUrl: string
  api: string
  hasKey: boolean
  headerNames: string[]
}

/** All settings of a provider. Secrets are never shown again: an empty field keeps the stored one. */
export function ProviderForm({ provider }: { provider?: ShownProvider }) {
  const { problem, form } = useActionForm(saveProvider)
  const hasSecrets = provider && (provider.hasKey || provider.headerNames.length > 0)
  return (
    <form {...form} className="grid gap-6">
      {provider && <input type="hidden" name="provider" value={provider.id} />}
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Field label="Name" hint="For people and for you.">
          <TextInput
            name="name"
            required
            maxLength={80}
            autoComplete="off"
            placeholder="OpenAI"
            defaultValue={provider?.name}
            autoFocus={!provider}
          />
        </Field>
        <Field label="API">
          <Select name="api" defaultValue={provider?.api ?? 'responses'}>
            <option value="responses">Responses (OpenAI)</option>
            <option value="chat_completions">Chat Completions (most others)</option>
          </Select>
        </Field>
      </div>
      <Field label="Address" hint="Where the API begins. Most end with /v1.">
        <TextInput
          name="baseUrl"
          type="url"
          required
          autoComplete="off"
          placeholder="https://api.openai.com/v1"
          defaultValue={provider?.baseUrl ?? 'https://api.openai.com/v1'}
        />
      </Field>
      <Field
        label="Key"
        optional
        hint={provider?.hasKey ? 'One is stored. Leave this empty to keep it.' : 'Stored encrypted, never shown again.'}
      >
        <TextInput name="key" type="password" autoComplete="new-password" maxLength={4000} />
      </Field>
      <Field
        label="Extra headers"
        optional
        hint={
          provider?.headerNames.length
            ? `Stored: ${provider.headerNames.join(', ')}. What you enter here replaces them.`
            : 'One a line, stored encrypted and never shown again.'
        }
      >
        <TextArea name="headers" rows={2} className="font-mono text-sm" autoComplete="off" placeholder="api-key: …" />
      </Field>
      {hasSecrets && <CheckBox name="dropKey" label="Remove the stored key and headers" />}
      <FormProblem message={problem} />
      <div className="flex flex-wrap gap-2">
        <SubmitButton>{provider ? 'Save' : 'Add'}</SubmitButton>
        <LinkButton href="/admin/models">Cancel</LinkButton>
      </div>
    </form>
  )
}
