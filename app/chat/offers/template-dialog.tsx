'use client'

import type { Entity } from '@openai/chatkit'
import { type FormEvent, useState } from 'react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'
import { ModalDialog } from '#app/ui/dialog.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { ArgumentField } from './argument-field.tsx'
import { fillTemplate, type Template } from './ask-offers.ts'
import { toEntity } from './resource-entities.ts'

/** Asks for the parameters of a template. `onDone` gets the resource, or nothing if it was closed. */
export function TemplateDialog({ template, onDone }: { template: Template; onDone: (entity?: Entity) => void }) {
  const t = useTranslate()
  const { server, uriTemplate, parameters, name, description, mimeType } = template
  const [values, setValues] = useState<Record<string, string>>({})
  const [problem, setProblem] = useState('')

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    const sent = await fillTemplate(template, values)
    if (!sent.ok) return setProblem(sent.message)
    const shown = `${name}: ${parameters.map((parameter) => values[parameter]).join(', ')}`.slice(0, 200)
    const about = { ...(description && { description }), ...(mimeType && { mimeType }) }
    onDone(toEntity({ server, uri: sent.data.uri, name: shown, ...about }))
  }

  return (
    <ModalDialog title={t('Attach: {name}', { name })} onClose={() => onDone()}>
      <form className="grid gap-4" onSubmit={submit}>
        <p className="text-sm text-ink-soft" dir="auto">
          {t('A resource of {server}, read when you send the message.', { server })} {description}
        </p>
        {parameters.map((parameter, index) => (
          <ArgumentField
            key={parameter}
            argument={{ name: parameter, required: true }}
            completed={{ server, of: { template: uriTemplate } }}
            values={values}
            isFirst={index === 0}
            onChange={(value) => setValues((before) => ({ ...before, [parameter]: value }))}
          />
        ))}
        {problem && (
          <Notice tone="bad" announce>
            {problem}
          </Notice>
        )}
        <div className="flex justify-end">
          <Button type="submit" tone="primary">
            {t('Attach')}
          </Button>
        </div>
      </form>
    </ModalDialog>
  )
}
