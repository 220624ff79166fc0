'use client'

import { useRef, useState, useTransition } from 'react'
import { Button } from '#app/ui/button.tsx'
import { Field, TextInput } from '#app/ui/forms/field.tsx'
import { Notice } from '#app/ui/notice.tsx'
import type { ToolPolicy } from '#lib/data/servers/policies.ts'
import { showSentence } from './actions.ts'

/** What approval cards say that a call will do, with a preview of it. */
export function SentenceFields({ policy }: { policy?: ToolPolicy }) {
  const example = useRef<HTMLInputElement>(null)
  const [shown, setShown] = useState<{ text: string } | { error: string }>()
  const [pending, start] = useTransition()
  const show = () => {
    const form = example.current?.form
    if (form) start(async () => setShown(await showSentence(new FormData(form))))
  }
  return (
    <fieldset className="grid gap-4 rounded-md border border-line p-4">
      <legend className="px-1 font-medium">What a call will do, on its approval card</legend>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label="Sentence"
          hint="With names of arguments in braces: Delete task {number}. It stands beside the exact arguments and never replaces them."
          optional
        >
          <TextInput name="sentence" maxLength={300} autoComplete="off" defaultValue={policy?.sentence ?? ''} />
        </Field>
        <Field
          label="Tool that says it"
          hint="A tool of the same server that only reads. It is asked as the person, with the same arguments. Without a sentence the card shows its words; a sentence may have {result.title} of what it answers."
          optional
        >
          <TextInput
            name="sentenceTool"
            list="known-tools"
            maxLength={200}
            autoComplete="off"
            defaultValue={policy?.sentenceTool ?? ''}
          />
        </Field>
        <Field label="Example of the arguments" hint='For the preview: {"number": 3}' optional>
          <TextInput ref={example} name="exampleArguments" maxLength={2_000} autoComplete="off" spellCheck={false} />
        </Field>
        <Field label="Example of the result" hint='For the preview: {"title": "Write the report"}' optional>
          <TextInput name="exampleResult" maxLength={2_000} autoComplete="off" spellCheck={false} />
        </Field>
      </div>
      <div className="flex flex-wrap items-center gap-3">
        <Button onClick={show} disabled={pending} aria-busy={pending}>
          Preview
        </Button>
        {shown && 'text' in shown && (
          <p role="status" className="font-medium wrap-anywhere">
            {shown.text}
          </p>
        )}
      </div>
      {shown && 'error' in shown && (
        <Notice tone="bad" announce>
          {shown.error}
        </Notice>
      )}
    </fieldset>
  )
}
