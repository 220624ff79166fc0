'use client'

import { CircleAlert } from 'lucide-react'
import { type ComponentProps, createContext, type ReactNode, useContext, useId } from 'react'
import { useTranslate } from '#app/language/sentences-provider.tsx'

type Wiring = { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true }

const Wired = createContext<Wiring | null>(null)

/**
 * The attributes that connect a control to its `Field`, so that label, hint and error are read with
 * it. Empty outside a field.
 */
function useField(): Partial<Wiring> {
  return useContext(Wired) ?? {}
}

/**
 * One control with its label and an optional hint below. An error replaces the hint and is
 * announced.
 */
export function Field({
  label,
  hint,
  error,
  optional = false,
  children,
}: {
  label: ReactNode
  hint?: ReactNode
  error?: ReactNode
  /** Says "optional" beside the label. */
  optional?: boolean
  /** One TextInput, TextArea or Select. */
  children: ReactNode
}) {
  const t = useTranslate()
  const id = useId()
  const note = `${id}-note`
  const wiring: Wiring = {
    id,
    ...((error || hint) && { 'aria-describedby': note }),
    ...(error && { 'aria-invalid': true }),
  }
  return (
    <div className="grid content-start gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
        {optional && <span className="font-normal text-ink-faint"> {t('(optional)')}</span>}
      </label>
      <Wired value={wiring}>{children}</Wired>
      {error ? (
        <p id={note} role="alert" className="flex items-start gap-1.5 text-sm text-bad">
          <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
          <span>{error}</span>
        </p>
      ) : (
        hint && (
          <p id={note} className="text-sm text-ink-faint">
            {hint}
          </p>
        )
      )}
    </div>
  )
}

const CONTROL =
  'w-full min-w-0 rounded-md border border-line-strong bg-surface px-3 text-ink placeholder:text-ink-faint transition-colors hover:border-ink-faint disabled:opacity-60 aria-invalid:border-bad'

/** A one-line input. Inside a `Field` it is connected to the label automatically. */
export function TextInput({ className = '', ...rest }: ComponentProps<'input'>) {
  return <input className={`${CONTROL} h-10 ${className}`} {...useField()} {...rest} />
}

/** An input of several lines. */
export function TextArea({ className = '', rows = 4, ...rest }: ComponentProps<'textarea'>) {
  return <textarea rows={rows} className={`${CONTROL} py-2 ${className}`} {...useField()} {...rest} />
}

/** A native select: a phone's own picker is better than one that we could build. */
export function Select({ className = '', ...rest }: ComponentProps<'select'>) {
  return <select className={`${CONTROL} h-10 pe-8 ${className}`} {...useField()} {...rest} />
}
