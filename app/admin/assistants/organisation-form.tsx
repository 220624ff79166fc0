'use client'

import { FormProblem } from '#app/forms/form-problem.tsx'
import { LinkButton } from '#app/ui/button.tsx'
import { Field, TextArea, TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { useActionForm } from '#app/ui/forms/use-action-form.ts'
import type { Organisation } from '#lib/data/assistants/organisation.ts'
import { saveForAll } from './actions.ts'

/** The name of the organisation, and the instructions for every assistant. */
export function OrganisationForm({ organisation }: { organisation: Organisation }) {
  const { problem, form } = useActionForm(saveForAll)
  return (
    <form {...form} className="grid gap-4">
      <input type="hidden" name="revision" value={organisation.revision} />
      <Field label="Name of the organisation" optional hint="{{organisation}} in instructions stands for it.">
        <TextInput name="name" maxLength={100} autoComplete="organization" defaultValue={organisation.name} />
      </Field>
      <Field label="Instructions" optional>
        <TextArea name="instructions" rows={8} defaultValue={organisation.instructions} />
      </Field>
      <FormProblem message={problem} />
      <div className="flex flex-wrap gap-2">
        <SubmitButton>Save</SubmitButton>
        <LinkButton href="/admin/assistants">Cancel</LinkButton>
      </div>
    </form>
  )
}
