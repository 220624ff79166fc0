'use client'

import { type FormEvent, useEffect, useRef, useState } from 'react'

export type Values = Record<string, string>
/** What is wrong: a sentence for each field by its name, and under `form` what belongs to none. */
export type Problems = Record<string, string | undefined>

/**
 * The state of one form: `check` finds problems before anything is sent, `send` does the work and returns the server's
 * problems (nothing when it went well). The first field with a problem gets the focus. While `send` runs, `pending` is true.
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

  // What was wrong with a field is over when the person mends it.
  function onInput({ target }: FormEvent<HTMLFormElement>) {
    const { name } = target as HTMLInputElement
    if (problems[name]) setProblems(({ [name]: _mended, ...rest }) => rest)
  }

  // `post` keeps what was typed out of the address when the form is sent before its script has loaded.
  return { problems, pending, fields: { ref: form, onSubmit, onInput, method: 'post' as const, noValidate: true } }
}

/** A problem for each named field that is empty. */
export function requireFilled(values: Values, sentences: Problems): Problems {
  return Object.fromEntries(Object.entries(sentences).filter(([name]) => !values[name]?.trim()))
}

/** A problem for a new password that is too short; the server checks again. */
export function checkNewPassword(values: Values, name: string): Problems {
  const length = [...(values[name] ?? '').normalize('NFKC')].length
  if (length < 10)
    return { [name]: 'The password needs at least 10 characters. A few words that only you put together are good.' }
  return length > 200 ? { [name]: 'The password is longer than 200 characters.' } : {}
}
