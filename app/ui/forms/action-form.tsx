'use client'

import type { ReactNode } from 'react'
import { FormProblem } from '#app/forms/form-problem.tsx'
import { type ActionOutcome, useActionForm } from './use-action-form.ts'

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
  const { problem, form } = useActionForm(action, onDone)
  return (
    <form {...form} className={className}>
      {Object.entries(fields).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <FormProblem message={problem} />
      {children}
    </form>
  )
}
