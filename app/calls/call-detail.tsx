import type { ReactNode } from 'react'
import { readTranslate } from '#app/language/page-language.ts'
import { Card } from '#app/ui/card.tsx'
import { CodeBlock } from '#app/ui/code-block.tsx'
import { Facts, Id } from '#app/ui/lists/facts.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { toBytesText, toDurationText } from '#app/ui/time-text.ts'
import type { CallQuestion } from '#lib/data/runs/questions/call-questions.ts'
import type { ToolCallDetail } from '#lib/data/runs/tool-calls.ts'
import { AskedQuestions } from './asked-questions.tsx'
import { CallTask } from './call-task.tsx'
import { CallTimes } from './call-times.tsx'
import { explainFailure } from './explain-failure.ts'

/** These outcomes are a person's choice, not failures. */
const NOBODYS_FAULT: ReadonlySet<string> = new Set(['cancelled', 'declined'])

/**
 * Everything that the ledger knows of a call: what went wrong in plain words, then facts, arguments
 * and result.
 */
export async function CallDetail({
  call,
  questions = [],
  facts = [],
}: {
  call: ToolCallDetail
  questions?: CallQuestion[]
  facts?: [string, ReactNode][]
}) {
  const t = await readTranslate()
  const isAsking = questions.some(({ status }) => status === 'pending')
  const failure = call.failureClass ? explainFailure(call.failureClass) : undefined
  const client = [call.clientName, call.clientVersion].filter(Boolean).join(' ')
  return (
    <div className="grid gap-4">
      {failure && (
        <Notice
          tone={call.status === 'unknown' ? 'warn' : NOBODYS_FAULT.has(call.status) ? 'info' : 'bad'}
          title={t(failure.title)}
        >
          <p>{t(failure.means)}</p>
          <p className="mt-1">
            <strong className="font-semibold">{t('What to do:')}</strong> {t(failure.todo)}
          </p>
          {call.errorMessage && <p className="mt-2 font-mono text-xs break-words">{call.errorMessage}</p>}
        </Notice>
      )}
      {call.status === 'pending' && (
        <Notice>
          {isAsking
            ? t('The server asked the person something, and the call waits for the answer.')
            : call.task
              ? t('The call goes on at its server, as a task.')
              : t('The call was sent and has not ended yet.')}
        </Notice>
      )}
      <Card>
        <Facts
          facts={[
            [t('Started'), <RelativeTime key="t" at={call.startedAt.toISOString()} exact />],
            [t('Took'), toDurationText(call.durationMs, t.locale)],
            [t('Connected after'), call.connectedMs !== null && toDurationText(call.connectedMs, t.locale)],
            [t('First progress after'), call.firstSignMs !== null && toDurationText(call.firstSignMs, t.locale)],
            [t('Server'), call.server],
            [
              t('Made by'),
              { chat: t('The assistant, in a chat'), repeat: t('Made again on its page') }[call.via] ??
                (client || t('An outside MCP client')),
            ],
            [t('Model'), [call.model, call.provider].filter(Boolean).join(', ')],
            ...facts,
            [t('Filled in by the session'), call.filledIn.join(', ')],
            [t('Trace'), call.traceId && <Id key="tr">{call.traceId}</Id>],
            [t('Span'), call.spanId && <Id key="sp">{call.spanId}</Id>],
            [t('Request'), call.requestId && <Id key="r">{call.requestId}</Id>],
          ]}
        />
        <CallTimes call={call} />
      </Card>
      <AskedQuestions questions={questions} />
      {call.task && <CallTask task={call.task} />}
      <Json title={t('Arguments')} value={call.arguments} bytes={call.argumentsBytes} />
      {call.result === null ? (
        call.status !== 'pending' && (
          <Card title={t('Result')}>
            {call.resultBytes === null
              ? t('No result came back.')
              : t('It was deleted with the temporary conversation in which the call was made.')}
          </Card>
        )
      ) : (
        <Json title={t('Result')} value={call.result} bytes={call.resultBytes} />
      )}
    </div>
  )
}

async function Json({ title, value, bytes }: { title: string; value: unknown; bytes: number | null }) {
  const t = await readTranslate()
  const clipped = clippedText(value)
  return (
    <Card
      title={title}
      hint={
        clipped === undefined
          ? toBytesText(bytes, t.locale)
          : t('The beginning of {bytes}; the rest was not kept.', { bytes: toBytesText(bytes, t.locale) })
      }
    >
      <CodeBlock label={title.toLowerCase()} text={clipped ?? JSON.stringify(value, null, 2)} wrap />
    </Card>
  )
}

function clippedText(value: unknown): string | undefined {
  if (value === null || typeof value !== 'object' || !('clipped' in value) || !('text' in value)) return undefined
  return value.clipped === true && typeof value.text === 'string' ? value.text : undefined
}
