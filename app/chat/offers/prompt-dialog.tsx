'use client'

import type { UserMessageContent } from '@openai/chatkit'
import { type FormEvent, useEffect, useState } from 'react'
import { browserTranslate } from '#app/language/browser-translate.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'
import { ModalDialog } from '#app/ui/dialog.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { ArgumentField } from './argument-field.tsx'
import { getPrompt, type Prompt } from './ask-offers.ts'

/**
 * A prompt that was chosen: first its arguments, then its whole text, as it would be sent. `onSend`
 * sends it as the person's message.
 */
export function PromptDialog({
  prompt,
  onClose,
  onSend,
}: {
  prompt: Prompt
  onClose: () => void
  onSend: (content: UserMessageContent[]) => Promise<void>
}) {
  const t = useTranslate()
  const { server, name, title, description, arguments: args } = prompt
  const [values, setValues] = useState<Record<string, string>>({})
  const [made, setMade] = useState<{ text: string; sources: string[] } | null>(null)
  const text = made?.text ?? null
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)

  async function show(): Promise<void> {
    setBusy(true)
    setProblem('')
    const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''))
    const sent = await getPrompt(prompt, given)
    setBusy(false)
    if (sent.ok) setMade(sent.data)
    else setProblem(sent.message)
  }

  async function send(): Promise<void> {
    if (made === null) return
    setBusy(true)
    try {
      await onSend(toContent(prompt, made))
      onClose()
    } catch {
      setBusy(false)
      setProblem(t('The message could not be sent. Wait until the answer has ended, and try again.'))
    }
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the dialog opens
  useEffect(() => {
    if (args.length === 0) void show()
  }, [])

  function submit(event: FormEvent): void {
    event.preventDefault()
    void (text === null ? show() : send())
  }

  return (
    <ModalDialog title={title ?? name} onClose={onClose}>
      <form className="grid gap-4" onSubmit={submit}>
        <p className="text-sm text-ink-soft" dir="auto">
          {t('A prompt of {server}.', { server })} {description}
        </p>
        {text === null ? (
          args.map((argument, index) => (
            <ArgumentField
              key={argument.name}
              argument={argument}
              completed={{ server, of: { prompt: name } }}
              values={values}
              isFirst={index === 0}
              onChange={(value) => setValues((before) => ({ ...before, [argument.name]: value }))}
            />
          ))
        ) : (
          <section aria-label={t('The whole prompt')}>
            <pre
              ref={takeFocus}
              // biome-ignore lint/a11y/noNoninteractiveTabindex: a long prompt is scrolled by keyboard
              tabIndex={0}
              className="max-h-[45dvh] overflow-auto rounded-md border border-line bg-sunken p-3 font-sans text-sm whitespace-pre-wrap break-words"
              dir="auto"
            >
              {text}
            </pre>
            <p className="mt-2 text-sm text-ink-faint">
              {t('This is sent as your message, marked with the server. Lines that begin with > are quoted.')}
            </p>
          </section>
        )}
        {problem && (
          <Notice tone="bad" announce>
            {problem}
          </Notice>
        )}
        <div className="flex flex-wrap justify-end gap-2">
          {text !== null && args.length > 0 && (
            <Button tone="quiet" onClick={() => setMade(null)}>
              {t('Back')}
            </Button>
          )}
          <Button type="submit" tone="primary" disabled={isBusy}>
            {text === null ? (args.length === 0 ? t('Show again') : t('Show the prompt')) : t('Send')}
          </Button>
        </div>
      </form>
    </ModalDialog>
  )
}

/** The field that had the focus is gone. What is new is read first. */
function takeFocus(element: HTMLElement | null): void {
  element?.focus()
}

/** The message: a tag that names the server, and the text below it. */
function toContent({ server, name }: Prompt, made: { text: string; sources: string[] }): UserMessageContent[] {
  const t = browserTranslate()
  const { text, sources } = made
  const data = { kind: 'prompt', server, prompt: name, ...(sources.length > 0 && { sources }) }
  const tag = {
    ...{
      type: 'input_tag' as const,
      id: `prompt ${server} ${name}`.slice(0, 200),
      text: t('Prompt of {server}', { server }),
    },
    ...{ group: server, data, interactive: false },
  }
  return [tag, { type: 'input_text', text: `\n${text}` }]
}
