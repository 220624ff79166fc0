import type { ReactNode } from 'react'
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
export function CallDetail({
  call,
  questions = [],
  facts = [],
}: {
  call: ToolCallDetail
  questions?: CallQuestion[]
  facts?: [string, ReactNode][]
}) {
  const isAsking = questions.some(({ status }) => status === 'pending')
  const failure = call.failureClass ? explainFailure(call.failureClass) : undefined
  const client = [call.clientName, call.clientVersion].filter(Boolean).join(' ')
  return (
    <div className="grid gap-4">
      {failure && (
        <Notice
          tone={call.status === 'unknown' ? 'warn' : NOBODYS_FAULT.has(call.status) ? 'info' : 'bad'}
          title={failure.title}
        >
          <p>{failure.means}</p>
          <p className="mt-1">
            <strong className="font-semibold">What to do:</strong> {failure.todo}
          </p>
          {call.errorMessage && <p className="mt-2 font-mono text-xs break-words">{call.errorMessage}</p>}
        </Notice>
      )}
      {call.status === 'pending' && (
        <Notice>
          {isAsking
            ? 'The server asked the person something, and the call waits for the answer.'
            : call.task
              ? 'The call goes on at its server, as a task.'
              : 'The call was sent and has not ended yet.'}
        </Notice>
      )}
      <Card>
        <Facts
          facts={[
            ['Started', <RelativeTime key="t" at={call.startedAt.toISOString()} exact />],
            ['Took', toDurationText(call.durationMs)],
            ['Connected after', call.connectedMs !== null && toDurationText(call.connectedMs)],
            ['First progress after', call.firstSignMs !== null && toDurationText(call.firstSignMs)],
            ['Server', call.server],
            [
              'Made by',
              { chat: 'The assistant, in a chat', repeat: 'Made again on its page' }[call.via] ??
                (client || 'An outside MCP client'),
            ],
            ['Model', [call.model, call.provider].filter(Boolean).join(', ')],
            ...facts,
            ['Filled in by the session', call.filledIn.join(', ')],
            ['Trace', call.traceId && <Id key="tr">{call.traceId}</Id>],
            ['Span', call.spanId && <Id key="sp">{call.spanId}</Id>],
            ['Request', call.requestId && <Id key="r">{call.requestId}</Id>],
          ]}
        />
        <CallTimes call={call} />
      </Card>
      <AskedQuestions questions={questions} />
      {call.task && <CallTask task={call.task} />}
      <Json title="Arguments" value={call.arguments} bytes={call.argumentsBytes} />
      {call.result === null ? (
        call.status !== 'pending' && (
          <Card title="Result">
            {call.resultBytes === null
              ? 'No result came back.'
              : 'It was deleted with the temporary conversation in which the call was made.'}
          </Card>
        )
      ) : (
        <Json title="Result" value={call.result} bytes={call.resultBytes} />
      )}
    </div>
  )
}

function Json({ title, value, bytes }: { title: string; value: unknown; bytes: number | null }) {
  const clipped = clippedText(value)
  return (
    <Card
      title={title}
      hint={
        clipped === undefined ? toBytesText(bytes) : `The beginning of ${toBytesText(bytes)}; the rest was not kept.`
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
