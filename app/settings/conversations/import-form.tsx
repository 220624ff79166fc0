'use client'

import { FileUp } from 'lucide-react'
import { useRef, useState } from 'react'
import { browserTranslate } from '#app/language/browser-translate.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'
import { Notice } from '#app/ui/notice.tsx'
import type { ImportReport } from '#lib/data/transfer/import-conversations.ts'
import type { Sentence } from '#lib/platform/language/sentences.ts'

const FAILED: Sentence = 'The file could not be sent. Check your connection and try again.'

type Outcome = { file: string } & ({ report: ImportReport } | { error: string })

/** Sends the chosen files one after the other, and shows what came of each. */
export function ImportForm() {
  const t = useTranslate()
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
        aria-label={t('Files to import')}
        onChange={({ currentTarget }) => {
          const files = [...(currentTarget.files ?? [])]
          currentTarget.value = ''
          void send(files)
        }}
      />
      <div>
        <Button disabled={sending !== null} onClick={() => input.current?.click()}>
          <FileUp aria-hidden className="size-4" />
          {t('Choose files')}
        </Button>
      </div>
      <p role="status" className={sending === null ? 'sr-only' : 'text-ink-soft wrap-anywhere'}>
        {sending !== null && t('Importing {sending}…', { sending })}
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
  const t = browserTranslate()
  try {
    const response = await fetch('/api/me/imports', { method: 'POST', body: file })
    const answer = await response.json()
    return response.ok ? { file: name, report: answer } : { file: name, error: answer.message ?? t(FAILED) }
  } catch {
    return { file: name, error: t(FAILED) }
  }
}

function FileOutcome({ outcome }: { outcome: Outcome }) {
  const t = useTranslate()
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
        {t(
          '{imported, number} imported{already, plural, =0 {} other {, # were here already}}{failed, plural, =0 {} other {, # with a problem}}.',
          { imported, already, failed: problems.length + moreProblems },
        )}
      </p>
      {problems.length > 0 && (
        <ul className="mt-2 grid max-h-60 gap-1 overflow-auto">
          {problems.map(({ title, reason }, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: titles repeat, and none moves
            <li key={at}>
              <bdi className="font-medium">{title}</bdi>: {reason}
            </li>
          ))}
          {moreProblems > 0 && <li>{t('And {count, number} more.', { count: moreProblems })}</li>}
        </ul>
      )}
    </Notice>
  )
}
