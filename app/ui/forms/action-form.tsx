'use client'

import { type ReactNode, useActionState, useEffect } from 'react'
import { Notice } from '#app/ui/notice.tsx'

/** The result of a server action: undefined after a success, or a sentence for the person. */
export type ActionOutcome = { error: string } | undefined

/**
 * A form around a server action. Shows the sentence after a failure, and calls `onDone` after a
 * success.
 */
export function ActionForm({
  action,
  fields = {},
  onDone,
  children,
  className,
}: {
  action: (form: FormData) => Promise<ActionOutcome>
  /** Values added to the action's form data, beside those of the inputs. */
  fields?: Record<string, string>
  onDone?: () => void
  children: ReactNode
  className?: string
}) {
  const [state, submit] = useActionState<{ outcome?: ActionOutcome; done: boolean }, FormData>(
    async (_before, form) => {
      const outcome = await action(form)
      return { outcome, done: !outcome }
    },
    { done: false },
  )
  useEffect(() => {
    if (state.done) onDone?.()
  }, [state.done, onDone])
  return (
    <form action={submit} className={className}>
      {Object.entries(fields).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      {state.outcome && (
        <Notice tone="bad" announce>
          {state.outcome.error}
        </Notice>
      )}
      {children}
    </form>
  )
}
