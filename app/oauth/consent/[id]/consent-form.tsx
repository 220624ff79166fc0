'use client'

import { type ReactNode, useState } from 'react'
import { FormProblem } from '#app/forms/form-problem.tsx'
import { ScopeChoice } from '#app/forms/scope-choice.tsx'
import { sendJson } from '#app/forms/send-json.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'

type Props = {
  id: string
  person: string
  scopes: { id: string; label: string }[]
  /** Who asks, and where the answer goes. */
  children: ReactNode
}

/**
 * Lets the person pick scopes, and allow or deny. Continues by script: a form that redirects to the
 * client would need an exception in the page's policy (form-action).
 */
export function ConsentForm({ id, person, scopes, children }: Props) {
  const t = useTranslate()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(scopes.map((scope) => scope.id)))
  const [state, setState] = useState<{ sending?: 'allow' | 'deny'; problem?: string }>({})

  async function send(allow: boolean) {
    setState({ sending: allow ? 'allow' : 'deny' })
    const wish = { allow, person, ...(allow && { scopes: [...chosen] }) }
    const sent = await sendJson<{ location: string }>('POST', `/oauth/consent/${id}/answer`, wish)
    if (sent.ok) window.location.assign(sent.data.location)
    else setState({ problem: sent.message })
  }

  const busy = state.sending !== undefined
  const nothing = chosen.size === 0
  return (
    <>
      <ScopeChoice
        legend={t('It will be able to')}
        scopes={scopes}
        chosen={chosen}
        onChange={setChosen}
        disabled={busy}
      />
      <p className="text-sm text-ink-soft">
        {t('It will also see your name, e-mail address, time zone and language.')}
      </p>
      {children}
      <div className="grid gap-3">
        <FormProblem message={state.problem} />
        <p role="status" className="text-sm text-ink-soft empty:hidden">
          {nothing && t('Choose at least one thing that it may do, or deny.')}
        </p>
        <div className="grid grid-cols-2 gap-2">
          <Button onClick={() => send(false)} disabled={busy} aria-busy={state.sending === 'deny'}>
            {t('Deny')}
          </Button>
          <Button
            tone="primary"
            onClick={() => send(true)}
            disabled={busy || nothing}
            aria-busy={state.sending === 'allow'}
          >
            {t('Allow')}
          </Button>
        </div>
      </div>
    </>
  )
}
