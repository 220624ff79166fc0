'use client'

import { LoaderCircle, Stethoscope } from 'lucide-react'
import { useState, useTransition } from 'react'
import { StepLine } from '#app/admin/step-line.tsx'
import { Button } from '#app/ui/button.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { testModel } from './actions.ts'

/** A button that tries what a model can do, and the result: a line for each step. */
export function ModelExamination({ id }: { id: string }) {
  const [found, setFound] = useState<Awaited<ReturnType<typeof testModel>>>()
  const [pending, start] = useTransition()
  const has = (kind: 'failed' | 'warning') =>
    found && 'findings' in found && found.findings.some(({ outcome }) => outcome === kind)
  return (
    <div className="grid gap-4">
      <Button
        className="w-fit"
        disabled={pending}
        aria-busy={pending}
        onClick={() => start(async () => setFound(await testModel(id)))}
      >
        {pending ? (
          <LoaderCircle aria-hidden className="size-4 animate-spin" />
        ) : (
          <Stethoscope aria-hidden className="size-4" />
        )}
        {pending ? 'Testing…' : 'Test this model'}
      </Button>
      <div aria-live="polite" className="grid gap-4">
        {found && 'error' in found && <Notice tone="bad">{found.error}</Notice>}
        {found && 'findings' in found && (
          <>
            {has('failed') ? (
              <Notice tone="bad" title="Problems found" />
            ) : has('warning') ? (
              <Notice tone="warn" title="It works, with the remarks below" />
            ) : (
              <Notice tone="ok" title="No problems found" />
            )}
            <ol className="grid gap-3">
              {found.findings.map((finding) => (
                <StepLine key={finding.name} {...finding} />
              ))}
            </ol>
          </>
        )}
      </div>
    </div>
  )
}
