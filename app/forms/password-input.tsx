'use client'

import { Eye, EyeOff } from 'lucide-react'
import { type ComponentProps, useState } from 'react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { TextInput } from '#app/ui/forms/field.tsx'

/**
 * A password field that can reveal its text. `autoComplete` tells password managers whether it is a
 * new or the current password.
 */
export function PasswordInput({
  autoComplete,
  ...rest
}: ComponentProps<'input'> & { autoComplete: 'new-password' | 'current-password' }) {
  const t = useTranslate()
  const [shown, setShown] = useState(false)
  const Icon = shown ? EyeOff : Eye
  return (
    <div className="relative">
      <TextInput
        type={shown ? 'text' : 'password'}
        autoComplete={autoComplete}
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        className="pe-11"
        {...rest}
      />
      <button
        type="button"
        aria-label={t('Show the password')}
        aria-pressed={shown}
        onClick={() => setShown(!shown)}
        className="absolute inset-y-1 end-1 grid w-9 place-items-center rounded-sm text-ink-faint hover:bg-sunken hover:text-ink"
      >
        <Icon aria-hidden className="size-4" />
      </button>
    </div>
  )
}
