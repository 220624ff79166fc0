'use client'

import { CircleCheck, CircleX, LoaderCircle, Stethoscope, TriangleAlert } from 'lucide-react'
import { useState, useTransition } from 'react'
import { Button } from '#app/ui/button.tsx'
import { Notice } from '#app/ui/notice.tsx'
import type { Step } from '#lib/mcp-client/doctor/examination.ts'
import { examineServer } from './actions.ts'

const ICONS = { ok: CircleCheck, warning: TriangleAlert, failed: CircleX, skipped: TriangleAlert }
const LOOKS = { ok: 'text-ok', warning: 'text-warn', failed: 'text-bad', skipped: 'text-ink-faint' }

/**
 * A button that examines the server, and the result: each step with its duration, and how to fix
 * what is wrong.
 */
export function ServerExamination({ id }: { id: string }) {
  const [found, setFound] = useState<Awaited<ReturnType<typeof examineServer>>>()
  const [pending, start] = useTransition()
  return (
    <div className="grid gap-4">
      <Button
        className="w-fit"
        disabled={pending}
        aria-busy={pending}
        onClick={() => start(async () => setFound(await examineServer(id)))}
      >
        {pending ? (
          <LoaderCircle aria-hidden className="size-4 animate-spin" />
        ) : (
          <Stethoscope aria-hidden className="size-4" />
        )}
        {pending ? 'Testing…' : 'Test the connection'}
      </Button>
      <div aria-live="polite" className="grid gap-4">
        {found && 'error' in found && <Notice tone="bad">{found.error}</Notice>}
        {found && 'steps' in found && (
          <>
            <Notice
              tone={found.healthy ? 'ok' : 'bad'}
              title={found.healthy ? 'No problems found' : 'Problems found'}
            />
            <ol className="grid gap-3">
              {found.steps.map((step) => (
                <StepLine key={step.name} {...step} />
              ))}
            </ol>
          </>
        )}
      </div>
    </div>
  )
}

function StepLine({ name, outcome, ms, said, fix }: Step) {
  const Icon = ICONS[outcome]
  return (
    <li className="flex items-start gap-3">
      <Icon aria-label={outcome} className={`mt-0.5 size-5 shrink-0 ${LOOKS[outcome]}`} />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap justify-between gap-x-4">
          <span className="font-medium">{name}</span>
          <span className="text-sm tabular-nums text-ink-faint">{ms} ms</span>
        </p>
        <p className="text-sm break-words text-ink-soft">{said}</p>
        {fix && <p className="mt-1 text-sm break-words">{fix}</p>}
      </div>
    </li>
  )
}
