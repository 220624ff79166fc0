'use client'

import { forgetDrafts } from '../chat/drafts.ts'
import { PasswordInput } from '../forms/password-input.tsx'
import { sendJson } from '../forms/send-json.ts'
import { ConfirmButton } from '../ui/confirm-button.tsx'
import { Field } from '../ui/field.tsx'

export function DeleteAccount({ hasPassword }: { hasPassword: boolean }) {
  return (
    <ConfirmButton
      label="Delete my account"
      tone="danger"
      title="Delete your account?"
      confirmLabel="Delete for good"
      action={async (form) => {
        const sent = await sendJson('DELETE', '/api/me', hasPassword ? { password: String(form.get('password') ?? '') } : {})
        if (!sent.ok) return { error: sent.message }
        forgetDrafts()
        window.location.assign('/sign-in')
      }}
    >
      <p>Your threads, tasks, notes, tokens and the record of your tool calls are removed. This cannot be undone.</p>
      {hasPassword && (
        <Field label="Password">
          <PasswordInput name="password" autoComplete="current-password" required />
        </Field>
      )}
    </ConfirmButton>
  )
}
