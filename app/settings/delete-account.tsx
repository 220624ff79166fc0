'use client'

import { forgetDrafts } from '#app/chat/drafts.ts'
import { PasswordInput } from '#app/forms/password-input.tsx'
import { sendJson } from '#app/forms/send-json.ts'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { Field } from '#app/ui/forms/field.tsx'

export function DeleteAccount({ hasPassword }: { hasPassword: boolean }) {
  return (
    <ConfirmButton
      label="Delete my account"
      tone="danger"
      title="Delete your account?"
      confirmLabel="Delete for good"
      action={async (form) => {
        const sent = await sendJson(
          'DELETE',
          '/api/me',
          hasPassword ? { password: String(form.get('password') ?? '') } : {},
        )
        if (!sent.ok) return { error: sent.message }
        forgetDrafts()
        window.location.assign('/sign-in')
        return undefined
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
