'use client'

import { useRef, useState, useTransition } from 'react'
import { Button } from '#app/ui/button.tsx'
import { Field, TextInput } from '#app/ui/forms/field.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { showInstructions } from './actions.ts'

/**
 * The whole instructions as a person would get them: of the form around it, or of the assistant
 * that `slug` names.
 */
export function InstructionsPreview({ slug }: { slug?: string }) {
  const address = useRef<HTMLInputElement>(null)
  const [shown, setShown] = useState<{ text: string } | { error: string }>()
  const [pending, start] = useTransition()
  function show() {
    const around = address.current?.form
    const form = around && slug === undefined ? new FormData(around) : new FormData()
    if (slug !== undefined) form.set('slug', slug)
    form.set('as', address.current?.value ?? '')
    start(async () => setShown(await showInstructions(form)))
  }
  return (
    <div className="grid gap-3">
      <div className="flex max-w-lg items-end gap-2">
        <div className="grow">
          <Field label="Preview for" optional>
            <TextInput
              ref={address}
              type="email"
              placeholder="ann@example.com, or empty for you"
              onKeyDown={(event) => {
                if (event.key !== 'Enter') return
                event.preventDefault()
                show()
              }}
            />
          </Field>
        </div>
        <Button onClick={show} disabled={pending} aria-busy={pending}>
          Preview
        </Button>
      </div>
      {shown && 'error' in shown && (
        <Notice tone="bad" announce>
          {shown.error}
        </Notice>
      )}
      {shown && 'text' in shown && (
        <section
          aria-label="Instructions"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
          tabIndex={0}
          className="max-h-112 overflow-auto rounded-md border border-line bg-sunken p-3"
        >
          <pre className="font-mono text-sm whitespace-break-spaces wrap-anywhere">{shown.text}</pre>
        </section>
      )}
    </div>
  )
}
