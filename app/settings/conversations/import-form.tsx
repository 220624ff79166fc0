'use client'

import { FileUp } from 'lucide-react'
import { useRef, useState } from 'react'
import { Button } from '#app/ui/button.tsx'
import { Notice } from '#app/ui/notice.tsx'
import type { ImportReport } from '#lib/data/transfer/import-conversations.ts'

const FAILED = 'The file could not be sent. Check your connection and try again.'

type Outcome = { file: string } & ({ report: ImportReport } | { error: string })

/** Sends the chosen files one after the other, and shows what came of each. */
export function ImportForm() {
  const input = useRef<HTMLInputElement>(null)
  const [sending, setSending] = useState<string | null>(null)
  const [outcomes, setOutcomes] = useState<Outcome[]>([])

  async function send(files: File[]) {
    setOutcomes([])
    for (const file of files) {
      setSending(file.name)
      const outcome = await sendFile(file)
      setOutcomes((before) => [...before, outcome])
    }
    setSending(null)
  }

  return (
    <div className="grid gap-4">
      <input
        ref={input}
        type="file"
        multiple
        accept=".json,.zip,application/json,application/zip"
        hidden
        aria-label="Files to import"
        onChange={({ currentTarget }) => {
          const files = [...(currentTarget.files ?? [])]
          currentTarget.value = ''
          void send(files)
        }}
      />
      <div>
        <Button disabled={sending !== null} onClick={() => input.current?.click()}>
          <FileUp aria-hidden className="size-4" />
          Choose files
        </Button>
      </div>
      <p role="status" className={sending === null ? 'sr-only' : 'text-ink-soft wrap-anywhere'}>
        {sending !== null && `Importing ${sending}…`}
      </p>
      {outcomes.map((outcome, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two files may have one name, and none moves
        <FileOutcome key={at} outcome={outcome} />
      ))}
    </div>
  )
}

async function sendFile(file: File): Promise<Outcome> {
  const { name } = file
  try {
    const response = await fetch('/api/me/imports', { method: 'POST', body: file })
    const answer = await response.json()
    return response.ok ? { file: name, report: answer } : { file: name, error: answer.message ?? FAILED }
  } catch {
    return { file: name, error: FAILED }
  }
}

function FileOutcome({ outcome }: { outcome: Outcome }) {
  if ('error' in outcome)
    return (
      <Notice tone="bad" title={outcome.file} announce>
        {outcome.error}
      </Notice>
    )
  const { imported, already, problems, moreProblems } = outcome.report
  return (
    <Notice tone={problems.length > 0 ? 'warn' : 'ok'} title={outcome.file} announce>
      <p>
        {imported} imported{already > 0 && `, ${already} were here already`}
        {problems.length > 0 && `, ${problems.length + moreProblems} with a problem`}.
      </p>
      {problems.length > 0 && (
        <ul className="mt-2 grid max-h-60 gap-1 overflow-auto">
          {problems.map(({ title, reason }, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: titles repeat, and none moves
            <li key={at}>
              <bdi className="font-medium">{title}</bdi>: {reason}
            </li>
          ))}
          {moreProblems > 0 && <li>And {moreProblems} more.</li>}
        </ul>
      )}
    </Notice>
  )
}
