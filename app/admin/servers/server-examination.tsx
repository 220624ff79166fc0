'use client'

import { LoaderCircle, Stethoscope } from 'lucide-react'
import { useState, useTransition } from 'react'
import { StepLine } from '#app/admin/step-line.tsx'
import { Button } from '#app/ui/button.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { examineServer } from './actions.ts'

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
