'use client'

import { type ReactNode, useActionState, useEffect } from 'react'
import { Button, type ButtonLook } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { Notice } from './notice.tsx'
import { SubmitButton } from './submit-button.tsx'

/** What a server action answers to a form: nothing when all went well, or a sentence for the person. */
export type ActionOutcome = { error: string } | undefined

type Props = ButtonLook & {
  /** What the button says. */
  label: ReactNode
  /** The question, as the heading of the dialog. */
  title: string
  /** What will happen, and fields of the form if it needs any. */
  children?: ReactNode
  confirmLabel: string
  confirmTone?: ButtonLook['tone']
  /** Values that the action finds in its form data. */
  fields?: Record<string, string>
  action: (form: FormData) => Promise<ActionOutcome>
}

/** A button that asks before it acts. A failed action leaves the dialog open with the sentence that it answered. */
export function ConfirmButton({ label, title, tone = 'danger-quiet', size, ...rest }: Props) {
  return (
    <Dialog label={label} title={title} tone={tone} size={size}>
      {(close) => <Confirm close={close} {...rest} />}
    </Dialog>
  )
}

function Confirm({
  children,
  confirmLabel,
  confirmTone = 'danger',
  fields = {},
  action,
  close,
}: Omit<Props, 'label' | 'title'> & { close: () => void }) {
  const [state, submit] = useActionState<{ outcome?: ActionOutcome; done: boolean }, FormData>(
    async (_before, form) => {
      const outcome = await action(form)
      return { outcome, done: !outcome }
    },
    { done: false },
  )
  useEffect(() => {
    if (state.done) close()
  }, [state.done, close])
  return (
    <form action={submit} className="grid gap-4">
      {Object.entries(fields).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <div className="grid gap-3 text-ink-soft">{children}</div>
      {state.outcome && (
        <Notice tone="bad" announce>
          {state.outcome.error}
        </Notice>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={close}>Cancel</Button>
        <SubmitButton tone={confirmTone}>{confirmLabel}</SubmitButton>
      </div>
    </form>
  )
}
