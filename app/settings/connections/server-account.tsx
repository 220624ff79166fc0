'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { FormProblem } from '#app/forms/form-problem.tsx'
import { PasswordInput } from '#app/forms/password-input.tsx'
import { sendJson } from '#app/forms/send-json.ts'
import { requireFilled, useForm } from '#app/forms/use-form.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Badge } from '#app/ui/badge.tsx'
import { Button } from '#app/ui/button.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { Field } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'

type Props = {
  id: string
  name: string
  host: string
  way: 'key' | 'oauth'
  hint?: string
  connectedAt: string | null
  /** The server no longer accepts the account. */
  broken: boolean
  /** The person came here to connect this account. */
  begun: boolean
  /** The thread that the person came from, and returns to. */
  thread?: string
}

/**
 * One tool server: whether the person's account is connected, since when, and how to change that.
 */
export function ServerAccount({ id, name, host, way, hint, connectedAt, broken, begun, thread }: Props) {
  const t = useTranslate()
  const router = useRouter()
  const [entering, setEntering] = useState(begun && way === 'key' && (connectedAt === null || broken))
  const { problems, pending, fields } = useForm({
    check: (values) => (way === 'key' ? requireFilled(values, { key: t('Enter the key.') }) : {}),
    async send({ key }) {
      const sent = await sendJson<{ url?: string }>(
        'POST',
        `/api/connections/${encodeURIComponent(id)}`,
        way === 'key' ? { key } : { thread },
      )
      if (!sent.ok) return { form: sent.message }
      if (sent.data.url) window.location.assign(sent.data.url)
      else if (thread) router.push(`/chat/${thread}`)
      else {
        setEntering(false)
        router.refresh()
      }
      return undefined
    },
  })
  const connected = connectedAt !== null && !broken
  return (
    <form {...fields} aria-label={name} className="grid gap-3 p-4 sm:p-5">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div className="min-w-0">
          <p className="flex flex-wrap items-center gap-2">
            <span className="font-medium">{name}</span>
            {broken ? (
              <Badge tone="warn">{t('Connect again')}</Badge>
            ) : connected ? (
              <Badge tone="ok">{t('Connected')}</Badge>
            ) : (
              <Badge>{t('Not connected')}</Badge>
            )}
          </p>
          <p className="text-sm break-all text-ink-faint">
            {connected ? t.rich('{host}, since {time}', { host, time: <RelativeTime at={connectedAt} /> }) : host}
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          {connectedAt !== null && (
            <ConfirmButton
              label={t('Disconnect')}
              size="sm"
              title={t('Disconnect {name}?', { name })}
              confirmLabel={t('Disconnect')}
              action={async () => {
                const sent = await sendJson('DELETE', `/api/connections/${encodeURIComponent(id)}`)
                if (!sent.ok) return { error: sent.message }
                router.refresh()
                return undefined
              }}
            >
              {t(
                'The assistant can no longer use your account there. Switchboard deletes what it stored about it. The server itself may list Switchboard until you remove it there too.',
              )}
            </ConfirmButton>
          )}
          {!connected && way === 'oauth' && (
            <SubmitButton size="sm" pending={pending}>
              {t('Connect')}
            </SubmitButton>
          )}
          {!connected && way === 'key' && !entering && (
            <Button size="sm" tone="primary" onClick={() => setEntering(true)}>
              {t('Enter a key')}
            </Button>
          )}
        </div>
      </div>
      {entering && (
        <div className="grid gap-3">
          <Field
            label={t('Your key')}
            hint={hint ?? t('As {host} gave it to you. It is stored encrypted.', { host })}
            error={problems.key}
          >
            <PasswordInput name="key" autoComplete="new-password" />
          </Field>
          <div className="flex gap-2">
            <SubmitButton size="sm" pending={pending}>
              {t('Connect')}
            </SubmitButton>
            <Button size="sm" onClick={() => setEntering(false)}>
              {t('Cancel')}
            </Button>
          </div>
        </div>
      )}
      <FormProblem message={problems.form} />
    </form>
  )
}
