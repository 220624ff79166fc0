'use client'

import { AudienceFields, type ShownAudience } from '#app/admin/audience/audience-fields.tsx'
import { FormProblem } from '#app/forms/form-problem.tsx'
import { LinkButton } from '#app/ui/button.tsx'
import { CheckBox } from '#app/ui/forms/check-box.tsx'
import { Field, Select, TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { useActionForm } from '#app/ui/forms/use-action-form.ts'
import { saveModel } from './actions.ts'

/** A model as its form shows it. Prices are dollars per million tokens. */
export type ShownModel = {
  id: string
  name: string
  description: string
  model: string
  contextTokens: number
  maxOutputTokens: number | null
  tools: boolean
  pictures: boolean
  files: boolean
  levels: string[]
  prices: { input: string; cached: string; output: string }
  audience: ShownAudience
  uses: string[]
  isDefault: boolean
  enabled: boolean
  fallbackId: string | null
}

type Choices = {
  providers: { id: string; name: string }[]
  models: { id: string; name: string }[]
  levels: readonly string[]
}

const USES = [
  ['chat', 'The chat', 'People can choose it there.'],
  ['titles', 'Names of conversations', 'One small request for each new conversation.'],
  ['summaries', 'Summaries', 'Of earlier messages, if a conversation is too long for its model.'],
  ['transcription', 'Dictation', 'Turns speech into text.'],
] as const

/** All that an admin decides about a model. */
export function ModelForm({
  model,
  choices,
  providerId,
}: {
  model?: ShownModel
  choices: Choices
  providerId: string
}) {
  const { problem, form } = useActionForm(saveModel)
  return (
    <form {...form} className="grid gap-6">
      {model && <input type="hidden" name="id" value={model.id} />}
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Field label="Provider">
          <Select name="provider" defaultValue={providerId} disabled={model !== undefined}>
            {choices.providers.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Id at the provider" hint="As the provider calls it.">
          <TextInput
            name="model"
            required
            maxLength={200}
            autoComplete="off"
            placeholder="gpt-6.2-sol"
            defaultValue={model?.model}
            className="font-mono text-sm"
          />
        </Field>
        <Field label="Name" hint="For people.">
          <TextInput
            name="name"
            required
            maxLength={80}
            autoComplete="off"
            placeholder="GPT-6.2 Sol"
            defaultValue={model?.name}
          />
        </Field>
        <Field label="Description" optional hint="One line, in the menu of models.">
          <TextInput name="description" maxLength={200} autoComplete="off" defaultValue={model?.description} />
        </Field>
      </div>
      <Group title="What it is for">
        {USES.map(([use, label, hint]) => (
          <CheckBox
            key={use}
            name={`use-${use}`}
            label={label}
            hint={hint}
            checked={model?.uses.includes(use) ?? use === 'chat'}
          />
        ))}
        <CheckBox
          name="isDefault"
          label="Default"
          hint="Answers whoever has chosen no other."
          checked={model?.isDefault ?? false}
        />
        <CheckBox
          name="enabled"
          label="Offered"
          hint="Otherwise it is kept here, and nobody gets it."
          checked={model?.enabled ?? true}
        />
      </Group>
      <AudienceFields audience={model?.audience} />
      <Field
        label="If it fails"
        hint="Asked instead, if this one fails before its first word and the person may use it."
      >
        <Select name="fallbackId" defaultValue={model?.fallbackId ?? ''} className="max-w-xs">
          <option value="">The answer fails</option>
          {choices.models
            .filter(({ id }) => id !== model?.id)
            .map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
        </Select>
      </Field>
      <Group title="What it can">
        <CheckBox
          name="tools"
          label="Tools"
          hint="Without them the assistant can only talk."
          checked={model?.tools ?? true}
        />
        <CheckBox name="pictures" label="Pictures" checked={model?.pictures ?? false} />
        <CheckBox name="files" label="PDF files" checked={model?.files ?? false} />
      </Group>
      <Group title="Levels of thinking that people may choose">
        <div className="flex flex-wrap gap-x-6 gap-y-2">
          {choices.levels.map((level) => (
            <CheckBox
              key={level}
              name={`level-${level}`}
              label={level}
              checked={model?.levels.includes(level) ?? false}
            />
          ))}
        </div>
      </Group>
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Field
          label="Context window"
          optional
          hint="Tokens of a request and its answer. Empty: as known of OpenAI’s models, else 32,768."
        >
          <TextInput name="contextTokens" inputMode="numeric" autoComplete="off" defaultValue={model?.contextTokens} />
        </Field>
        <Field label="Longest answer" optional hint="Tokens.">
          <TextInput
            name="maxOutputTokens"
            inputMode="numeric"
            autoComplete="off"
            defaultValue={model?.maxOutputTokens ?? ''}
          />
        </Field>
      </div>
      <Group title="Price, in US dollars per million tokens">
        <div className="grid items-start gap-4 sm:grid-cols-3">
          <Field label="Input" optional>
            <TextInput
              name="priceInput"
              inputMode="decimal"
              autoComplete="off"
              placeholder="2.00"
              defaultValue={model?.prices.input}
            />
          </Field>
          <Field label="Cached input" optional>
            <TextInput
              name="priceCached"
              inputMode="decimal"
              autoComplete="off"
              placeholder="0.10"
              defaultValue={model?.prices.cached}
            />
          </Field>
          <Field label="Output" optional>
            <TextInput
              name="priceOutput"
              inputMode="decimal"
              autoComplete="off"
              placeholder="10.00"
              defaultValue={model?.prices.output}
            />
          </Field>
        </div>
        <p className="text-sm text-ink-faint">Empty: as known of OpenAI’s models at OpenAI, else unknown.</p>
      </Group>
      <FormProblem message={problem} />
      <div className="flex flex-wrap gap-2">
        <SubmitButton>{model ? 'Save' : 'Offer'}</SubmitButton>
        <LinkButton href={model ? `/admin/models/${model.id}` : '/admin/models'}>Cancel</LinkButton>
      </div>
    </form>
  )
}

function Group({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-2 text-sm font-medium">{title}</legend>
      {children}
    </fieldset>
  )
}
