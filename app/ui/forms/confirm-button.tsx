'use client'

import type { ReactNode } from 'react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button, type ButtonLook } from '#app/ui/button.tsx'
import { Dialog } from '#app/ui/dialog.tsx'
import { ActionForm } from './action-form.tsx'
import { SubmitButton } from './submit-button.tsx'
import type { ActionOutcome } from './use-action-form.ts'

/**
 * A button that asks before it acts. If the action fails, the dialog stays open and shows its
 * sentence.
 */
export function ConfirmButton({
  label,
  title,
  children,
  confirmLabel,
  confirmTone = 'danger',
  fields,
  action,
  tone = 'danger-quiet',
  size,
}: ButtonLook & {
  /** What the button says. */
  label: ReactNode
  /** The question, as the heading of the dialog. */
  title: string
  /** The consequences, and form fields if the action needs any. */
  children?: ReactNode
  confirmLabel: string
  confirmTone?: ButtonLook['tone']
  /** Values added to the action's form data. */
  fields?: Record<string, string>
  action: (form: FormData) => Promise<ActionOutcome>
}) {
  const t = useTranslate()
  return (
    <Dialog label={label} title={title} tone={tone} size={size}>
      {(close) => (
        <ActionForm action={action} fields={fields} onDone={close} className="grid gap-4">
          <div className="grid gap-3 text-ink-soft">{children}</div>
          <div className="flex flex-wrap justify-end gap-2">
            <Button onClick={close}>{t('Cancel')}</Button>
            <SubmitButton tone={confirmTone}>{confirmLabel}</SubmitButton>
          </div>
        </ActionForm>
      )}
    </Dialog>
  )
}
