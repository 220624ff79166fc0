'use client'

import { useState } from 'react'
import { FormProblem } from '../../../forms/form-problem.tsx'
import { sendJson } from '../../../forms/send-json.ts'
import { Button } from '../../../ui/button.tsx'

/** Allow or deny. Goes on by script: a form's redirect to the client would need a hole in the page's policy (form-action). */
export function Answer({ id, person }: { id: string; person: string }) {
  const [state, setState] = useState<{ sending?: 'allow' | 'deny'; problem?: string }>({})

  async function send(allow: boolean) {
    setState({ sending: allow ? 'allow' : 'deny' })
    const sent = await sendJson<{ location: string }>('POST', `/oauth/consent/${id}/answer`, { allow, person })
    if (sent.ok) window.location.assign(sent.data.location)
    else setState({ problem: sent.message })
  }

  const busy = state.sending !== undefined
  return (
    <div className="grid gap-3">
      <FormProblem message={state.problem} />
      <div className="grid grid-cols-2 gap-2">
        <Button onClick={() => send(false)} disabled={busy} aria-busy={state.sending === 'deny'}>
          Deny
        </Button>
        <Button tone="primary" onClick={() => send(true)} disabled={busy} aria-busy={state.sending === 'allow'}>
          Allow
        </Button>
      </div>
    </div>
  )
}
