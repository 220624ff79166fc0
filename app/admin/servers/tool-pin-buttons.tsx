'use client'

import { ActionForm } from '#app/ui/forms/action-form.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { acceptTool, quarantineTool } from './actions.ts'

/** Accepts the definition as it is shown beside the button. */
export function AcceptButton({ server, tool, hash }: { server: string; tool: string; hash: string }) {
  return (
    <ActionForm action={acceptTool} fields={{ server, tool, hash }}>
      <SubmitButton size="sm" aria-label={`Accept ${tool}`}>
        Accept
      </SubmitButton>
    </ActionForm>
  )
}

/** Withholds the tool from the assistants until an admin accepts it again. */
export function QuarantineButton({ server, tool }: { server: string; tool: string }) {
  return (
    <ActionForm action={quarantineTool} fields={{ server, tool }}>
      <SubmitButton size="sm" tone="secondary" aria-label={`Quarantine ${tool}`}>
        Quarantine
      </SubmitButton>
    </ActionForm>
  )
}
