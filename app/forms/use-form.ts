'use client'

import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { Translate } from '#lib/platform/language/translate.ts'

export type Values = Record<string, string>
/** The form's problems: a sentence by field name, and under `form` one that belongs to no field. */
export type Problems = Record<string, string | undefined>

/**
 * The state of one form. `check` finds problems before anything is sent. `send` does the work and
 * returns the server's problems, or nothing after a success. The first field with a problem gets
 * the focus. `pending` is true while `send` runs.
 */
export function useForm({
  check,
  send,
}: {
  check?: (values: Values) => Problems
  send: (values: Values) => Promise<Problems | undefined>
}) {
  const form = useRef<HTMLFormElement>(null)
  const [problems, setProblems] = useState<Problems>({})
  const [attempts, setAttempts] = useState(0)
  const [pending, setPending] = useState(false)

  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus moves after an attempt, not while problems are mended
  useEffect(() => {
    const first = Object.keys(problems).find((name) => name !== 'form' && problems[name])
    const field = first && form.current?.elements.namedItem(first)
    if (field instanceof HTMLElement) field.focus()
  }, [attempts])

  async function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (pending) return
    const values = Object.fromEntries(
      [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value)]),
    )
    const found = check?.(values) ?? {}
    setProblems(found)
    if (Object.keys(found).length === 0) {
      setPending(true)
      try {
        setProblems((await send(values)) ?? {})
      } finally {
        setPending(false)
      }
    }
    setAttempts((count) => count + 1)
  }

  // Clears a field's problem when the person edits it.
  function onInput({ target }: FormEvent<HTMLFormElement>) {
    const { name } = target as HTMLInputElement
    if (problems[name]) setProblems(({ [name]: _mended, ...rest }) => rest)
  }

  // `post` keeps the input out of the address if the form is sent before its script has loaded.
  return { problems, pending, fields: { ref: form, onSubmit, onInput, method: 'post' as const, noValidate: true } }
}

/** A problem for each listed field that is empty. */
export function requireFilled(values: Values, sentences: Problems): Problems {
  return Object.fromEntries(Object.entries(sentences).filter(([name]) => !values[name]?.trim()))
}

/** A problem if a new password is too short. The server checks again. */
export function checkNewPassword(values: Values, name: string, t: Translate): Problems {
  const length = [...(values[name] ?? '').normalize('NFKC')].length
  if (length < 10)
    return { [name]: t('The password needs at least 10 characters. A few words that only you put together are good.') }
  return length > 200 ? { [name]: t('The password is longer than 200 characters.') } : {}
}
