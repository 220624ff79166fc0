import Link from 'next/link'
import type { ComponentProps } from 'react'

const TONES = {
  primary: 'bg-accent text-on-accent border-transparent hover:bg-accent-strong',
  secondary: 'bg-surface text-ink border-line-strong hover:bg-sunken',
  quiet: 'bg-transparent text-ink-soft border-transparent hover:bg-sunken hover:text-ink',
  danger: 'bg-bad text-on-bad border-transparent hover:brightness-110',
  'danger-quiet': 'bg-transparent text-bad border-transparent hover:bg-bad-soft',
}
const SIZES = { md: 'h-10 px-4 gap-2', sm: 'h-8 px-3 gap-1.5 text-sm', icon: 'size-10 justify-center' }

export type ButtonLook = { tone?: keyof typeof TONES; size?: keyof typeof SIZES }

/** The classes of a button, for other libraries' elements that must look like one. */
export function toButtonClass({ tone = 'secondary', size = 'md' }: ButtonLook = {}, more = ''): string {
  return `inline-flex items-center justify-center rounded-md border font-medium whitespace-nowrap select-none transition-colors disabled:opacity-55 disabled:cursor-not-allowed ${TONES[tone]} ${SIZES[size]} ${more}`
}

/** A button, of type `button` by default. A button with only an icon needs an `aria-label`. */
export function Button({ tone, size, className, type = 'button', ...rest }: ButtonLook & ComponentProps<'button'>) {
  return <button type={type} className={toButtonClass({ tone, size }, className)} {...rest} />
}

/** A link to another page that looks like a button. */
export function LinkButton({ tone, size, className, ...rest }: ButtonLook & ComponentProps<typeof Link>) {
  return <Link className={toButtonClass({ tone, size }, className)} {...rest} />
}
