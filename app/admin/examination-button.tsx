'use client'

import { LoaderCircle, Stethoscope } from 'lucide-react'
import { type ComponentProps, useState, useTransition } from 'react'
import { Button } from '#app/ui/button.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { StepLine } from './step-line.tsx'

/** What an examination found: each step, and what they mean together. */
export type Examined = { verdict: keyof typeof VERDICTS; steps: ComponentProps<typeof StepLine>[] }

const VERDICTS = {
  ok: { tone: 'ok', title: 'No problems found' },
  warning: { tone: 'warn', title: 'It works, with the remarks below' },
  failed: { tone: 'bad', title: 'Problems found' },
} as const

/**
 * A button that examines what `id` names, and the result: each step with its duration, and how to
 * fix what is wrong.
 */
export function ExaminationButton({
  label,
  id,
  examine,
}: {
  label: string
  id: string
  /** A server action. */
  examine: (id: string) => Promise<Examined | { error: string }>
}) {
  const [found, setFound] = useState<Examined | { error: string }>()
  const [pending, start] = useTransition()
  return (
    <div className="grid gap-4">
      <Button
        className="w-fit"
        disabled={pending}
        aria-busy={pending}
        onClick={() => start(async () => setFound(await examine(id)))}
      >
        {pending ? (
          <LoaderCircle aria-hidden className="size-4 animate-spin" />
        ) : (
          <Stethoscope aria-hidden className="size-4" />
        )}
        {pending ? 'Testing…' : label}
      </Button>
      <div aria-live="polite" className="grid gap-4">
        {found && 'error' in found && <Notice tone="bad">{found.error}</Notice>}
        {found && 'steps' in found && (
          <>
            <Notice {...VERDICTS[found.verdict]} />
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
