'use client'

import { AudienceFields, type ShownAudience } from '#app/admin/audience/audience-fields.tsx'
import { FormProblem } from '#app/forms/form-problem.tsx'
import { LinkButton } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { Field, TextArea, TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { useActionForm } from '#app/ui/forms/use-action-form.ts'
import type { AssistantConfig } from '#lib/data/assistants/assistant-config.ts'
import { saveVersion } from './actions.ts'
import { type Choices, HandoverFields, LookFields, ModelFields, ToolFields } from './assistant-fields.tsx'
import { InstructionsPreview } from './instructions-preview.tsx'

type Props = {
  /** `base` is the number of the version that is changed, 0 for a new assistant. */
  assistant: { slug: string; base: number; config: AssistantConfig; audience: ShownAudience } | null
  /** True for the one that everybody may use. */
  isDefault: boolean
  choices: Choices
}

/** All that an admin decides about an assistant. Each save is a version. */
export function AssistantForm({ assistant, isDefault, choices }: Props) {
  const { problem, form } = useActionForm(saveVersion)
  const config = assistant?.config
  return (
    <form {...form} className="grid gap-5">
      <input type="hidden" name="base" value={assistant?.base ?? 0} />
      {assistant && <input type="hidden" name="slug" value={assistant.slug} />}
      <Card title="For people">
        <div className="grid gap-4">
          <div className="grid items-start gap-4 sm:grid-cols-2">
            <Field label="Name">
              <TextInput name="name" required maxLength={60} autoComplete="off" defaultValue={config?.name} />
            </Field>
            {!assistant && (
              <Field label="Short name" hint="For links and files, such as travel. It never changes.">
                <TextInput name="slug" required maxLength={40} autoComplete="off" />
              </Field>
            )}
          </div>
          <Field
            label="Description"
            optional
            hint="What it is for. People read it, and so does the assistant that decides whether to hand over."
          >
            <TextInput name="description" maxLength={300} autoComplete="off" defaultValue={config?.description} />
          </Field>
          <LookFields config={config} choices={choices} />
          {isDefault ? (
            <p className="text-sm text-ink-soft">Everybody may use it: it answers if no other assistant is chosen.</p>
          ) : (
            <AudienceFields audience={assistant?.audience} />
          )}
        </div>
      </Card>
      <Card
        title="Instructions"
        hint="They come after the rules that always hold, and after those for every assistant."
      >
        <div className="grid gap-4">
          <Field
            label="What it is for and how it works"
            optional
            hint={`${choices.places.map((place) => `{{${place}}}`).join(', ')} stand for values, in quotation marks.`}
          >
            <TextArea name="instructions" rows={12} defaultValue={config?.instructions} />
          </Field>
          <InstructionsPreview />
        </div>
      </Card>
      <Card title="Model and tools">
        <div className="grid gap-5">
          <ModelFields config={config} choices={choices} />
          <ToolFields config={config} choices={choices} />
          <HandoverFields config={config} choices={choices} />
        </div>
      </Card>
      <Card title="Start screen" hint="What people see before the first message.">
        <div className="grid gap-4">
          <Field label="Greeting" optional>
            <TextInput name="greeting" maxLength={200} autoComplete="off" defaultValue={config?.start.greeting} />
          </Field>
          <Field label="Prompts" optional hint="One a line, 8 at most: what the button says, a |, and what is sent.">
            <TextArea
              name="prompts"
              rows={4}
              placeholder="Book a trip | I need to book a trip. Ask me where and when."
              defaultValue={config?.start.prompts.map(({ label, prompt }) => `${label} | ${prompt}`).join('\n')}
            />
          </Field>
        </div>
      </Card>
      <FormProblem message={problem} />
      <div className="flex flex-wrap gap-2">
        <SubmitButton>{assistant ? 'Save a version' : 'Add'}</SubmitButton>
        <LinkButton href={assistant ? `/admin/assistants/${assistant.slug}` : '/admin/assistants'}>Cancel</LinkButton>
      </div>
    </form>
  )
}
