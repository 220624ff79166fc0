'use client'

import { ActionForm } from '#app/ui/forms/action-form.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { disableServer, enableServer } from './actions.ts'

/** Enables or disables a server. */
export function Switch({ id, enabled }: { id: string; enabled: boolean }) {
  return (
    <ActionForm action={enabled ? disableServer : enableServer} fields={{ server: id }}>
      <SubmitButton tone={enabled ? 'secondary' : 'primary'}>{enabled ? 'Disable' : 'Enable'}</SubmitButton>
    </ActionForm>
  )
}
