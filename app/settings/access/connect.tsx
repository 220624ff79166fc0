'use client'

import { useState } from 'react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { CodeBlock } from '#app/ui/code-block.tsx'
import { Field, Select } from '#app/ui/forms/field.tsx'
import { makeSnippets } from './snippets.ts'

type Props = {
  endpoint: string
  /**
   * A token that was just created, inserted into the texts. Without one, the person chooses between
   * sign-in and token.
   */
  token?: string
}

/** What to paste into each client. */
export function Connect({ endpoint, token }: Props) {
  const t = useTranslate()
  const [way, setWay] = useState<'sign in' | 'token'>(token ? 'token' : 'sign in')
  const [client, setClient] = useState('Claude Code')
  const snippets = makeSnippets(endpoint, way, t, token)
  const shown = snippets.find((snippet) => snippet.client === client) ?? snippets[0]
  return (
    <div className="grid gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t('Client')}>
          <Select value={shown?.client} onChange={(event) => setClient(event.target.value)}>
            {snippets.map((snippet) => (
              <option key={snippet.client}>{snippet.client}</option>
            ))}
          </Select>
        </Field>
        {!token && (
          <Field label={t('How it signs in')}>
            <Select value={way} onChange={(event) => setWay(event.target.value as typeof way)}>
              <option value="sign in">{t('It opens a page here and asks you')}</option>
              <option value="token">{t('With a personal token')}</option>
            </Select>
          </Field>
        )}
      </div>
      {shown && (
        <div className="grid gap-2">
          <p className="text-sm text-ink-soft">{shown.where}</p>
          <CodeBlock text={shown.text} label={t('settings for {client}', { client: shown.client })} />
        </div>
      )}
    </div>
  )
}
