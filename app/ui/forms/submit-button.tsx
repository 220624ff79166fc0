'use client'

import { LoaderCircle } from 'lucide-react'
import type { ComponentProps } from 'react'
import { useFormStatus } from 'react-dom'
import { Button } from '#app/ui/button.tsx'

/**
 * The submit button of a form. While the action runs (or `pending` is true), it says so and cannot
 * be pressed again.
 */
export function SubmitButton({
  children,
  tone = 'primary',
  pending = false,
  disabled,
  ...rest
}: ComponentProps<typeof Button> & { pending?: boolean }) {
  const busy = useFormStatus().pending || pending
  return (
    <Button type="submit" tone={tone} disabled={disabled || busy} aria-busy={busy} {...rest}>
      {busy && <LoaderCircle aria-hidden className="size-4 animate-spin" />}
      {children}
    </Button>
  )
}
