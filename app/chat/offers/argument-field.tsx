'use client'

import { useEffect, useId, useState } from 'react'
import { Field, TextInput } from '#app/ui/forms/field.tsx'
import { type Argument, type Completed, listSuggestions } from './ask-offers.ts'

/** A suggestion is asked for after this time (ms) without typing. */
const PAUSE_MS = 200

/** One argument of a prompt or template, with the values that its server suggests. */
export function ArgumentField({
  argument: { name, description, required },
  completed,
  values,
  isFirst,
  onChange,
}: {
  argument: Argument
  completed: Completed
  values: Record<string, string>
  isFirst: boolean
  onChange: (value: string) => void
}) {
  const list = useId()
  const [suggested, setSuggested] = useState<string[]>([])
  const value = values[name] ?? ''
  // biome-ignore lint/correctness/useExhaustiveDependencies: only this value asks for suggestions
  useEffect(() => {
    let isGone = false
    const timer = setTimeout(async () => {
      const { [name]: _own, ...known } = values
      const found = await listSuggestions(completed, name, value, known)
      if (!isGone) setSuggested(found)
    }, PAUSE_MS)
    return () => {
      isGone = true
      clearTimeout(timer)
    }
  }, [value])
  return (
    <Field label={name} hint={description} optional={!required}>
      <TextInput
        name={name}
        value={value}
        required={required}
        maxLength={1_000}
        list={list}
        autoComplete="off"
        autoFocus={isFirst}
        dir="auto"
        onChange={({ target }) => onChange(target.value)}
      />
      <datalist id={list}>
        {suggested.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
    </Field>
  )
}
