'use client'

import { startTransition, useActionState, useCallback, useRef } from 'react'

/** The result of a server action: undefined after a success, or a sentence for the person. */
export type ActionOutcome = { error: string } | undefined

/**
 * A form around a server action: what its element is given, and the sentence after a failure, which
 * keeps what was typed. A success resets the form and calls `onDone`.
 */
export function useActionForm(action: (form: FormData) => Promise<ActionOutcome>, onDone?: () => void) {
  const hasSucceeded = useRef(false)
  const [problem, submit] = useActionState<string | undefined, FormData>(async (_before, form) => {
    hasSucceeded.current = false
    const outcome = await action(form)
    hasSucceeded.current = !outcome
    if (!outcome) startTransition(() => onDone?.())
    return outcome?.error
  }, undefined)
  // React resets a form after its action, whatever came of it. A mistake would cost the whole input.
  const keepInput = useCallback((form: HTMLFormElement) => {
    const keep = (event: Event) => hasSucceeded.current || event.preventDefault()
    form.addEventListener('reset', keep)
    return () => form.removeEventListener('reset', keep)
  }, [])
  return { problem, form: { action: submit, ref: keepInput } }
}
