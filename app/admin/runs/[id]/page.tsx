import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { AssistantVersionLink } from '#app/admin/assistants/assistant-version-link.tsx'
import { Live } from '#app/admin/live.tsx'
import { toToolCallsHref } from '#app/admin/tool-calls/tool-call-query.ts'
import { RunStatusBadge } from '#app/calls/call-status.tsx'
import { CallTable } from '#app/calls/call-table.tsx'
import { explainFailure } from '#app/calls/explain-failure.ts'
import { Badge } from '#app/ui/badge.tsx'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { Facts, Id } from '#app/ui/lists/facts.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { toCountText, toDurationText } from '#app/ui/time-text.ts'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { listFeedback } from '#lib/data/chat/feedback.ts'
import { type ModelFallback, readModelFallbacks } from '#lib/data/models/model-fallbacks.ts'
import { FailureDetail } from '#lib/data/runs/failure-detail.ts'
import { RUN_FAILURES } from '#lib/data/runs/run-failures.ts'
import { findAnyRun } from '#lib/data/runs/run-list.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { listRequestsOfRun } from '#lib/data/usage/model-requests.ts'
import { RequestTable } from './request-table.tsx'

export const metadata: Metadata = { title: 'Run' }

const LINK = 'text-accent underline-offset-2 hover:underline'

/**
 * One run of the assistant as an operator sees it: how it ended, how long it took, what it cost and
 * which tools it called. The person's message and the answer are private and not shown.
 */
export default async function RunPage({ params }: { params: Promise<{ id: string }> }) {
  await requirePageAdmin()
  const run = await findAnyRun((await params).id)
  if (!run) notFound()
  const calls = await listToolCalls({ admin: true }, { runId: run.id, limit: 200 })
  const requests = await listRequestsOfRun(run.id)
  const feedback = await listFeedback({ admin: true }, { threadId: run.threadId, limit: 20 })
  const since = (from: Date | null, to: Date | null) =>
    from && to ? toDurationText(to.getTime() - from.getTime()) : null
  const failure = run.failureClass ? explainFailure(run.failureClass, RUN_FAILURES) : undefined
  const fallbacks = readModelFallbacks(run.fallbacks)
  const { data: detail } = FailureDetail.safeParse(run.failureDetail)
  return (
    <>
      <PageHeader
        back={{ href: '/admin/runs', label: 'Runs' }}
        title={
          <span className="flex flex-wrap items-center gap-3">
            Run <RunStatusBadge status={run.status} />
          </span>
        }
        actions={!run.finishedAt && <Live />}
        hint="One turn of the assistant. What was said in it is the person’s own and not shown here."
      />
      <div className="grid gap-4">
        {failure && (
          <Notice tone="bad" title={failure.title}>
            <p>{failure.means}</p>
            <p className="mt-1">
              <strong className="font-semibold">What to do:</strong> {failure.todo}
            </p>
            {run.errorMessage && <p className="mt-1">The person was told: “{run.errorMessage}”</p>}
          </Notice>
        )}
        {detail && (
          <Card
            title="What the model’s server said"
            hint="Without secrets. The provider’s support finds the request by its id."
          >
            <Facts
              facts={[
                ['Status', detail.status],
                ['Code', detail.code],
                ['Type', detail.type],
                ['About', detail.param],
                ['Message', detail.message && <span className="wrap-anywhere">{detail.message}</span>],
                ['Provider’s request', detail.requestId && <Id>{detail.requestId}</Id>],
              ]}
            />
          </Card>
        )}
        <Card>
          <Facts
            facts={[
              [
                'Person',
                <Link key="p" className={LINK} href={toToolCallsHref({ person: run.ownerId })} title={run.owner.email}>
                  {run.owner.name}
                </Link>,
              ],
              ['Assistant', <AssistantVersionLink key="a" id={run.assistantVersionId} />],
              ['Model', run.model],
              ['Provider', run.provider],
              ['Asked before', fallbacks.length > 0 && <Fallbacks key="f" fallbacks={fallbacks} />],
              ['Began', <RelativeTime key="b" at={run.createdAt.toISOString()} exact />],
              ['Waited to start', since(run.createdAt, run.startedAt)],
              ['First words after', since(run.createdAt, run.firstDeltaAt)],
              ['Took', since(run.createdAt, run.finishedAt)],
              ['Model calls', toCountText(run.modelCalls)],
              ['Input tokens', toCountText(run.inputTokens)],
              ['Output tokens', toCountText(run.outputTokens)],
              [
                'Conversation',
                <Link
                  key="t"
                  className={LINK}
                  href={toToolCallsHref({ thread: run.threadId })}
                  title="All calls of this conversation"
                >
                  <Id>{run.threadId}</Id>
                </Link>,
              ],
              ['Run', <Id key="i">{run.id}</Id>],
              ['Request', <Id key="r">{run.requestId}</Id>],
            ]}
          />
        </Card>
        {requests.length > 0 && (
          <Card title="Requests to models" hint="In the order in which they were sent" flush>
            <RequestTable requests={requests} />
          </Card>
        )}
        <Card title="Tool calls" hint="The latest first" flush>
          {calls.data.length === 0 ? (
            <EmptyState title="No tool calls">The assistant answered this turn without a tool.</EmptyState>
          ) : (
            <CallTable calls={calls.data} href={({ id }) => `/admin/tool-calls/${id}`} />
          )}
        </Card>
        {feedback.length > 0 && (
          <Card title="Feedback" hint="What the person thought of answers in this conversation, the latest first">
            <ul className="grid gap-2">
              {feedback.map(({ id, kind, createdAt, itemIds }) => (
                <li key={id} className="flex flex-wrap items-center gap-3">
                  <Badge tone={kind === 'positive' ? 'ok' : 'bad'}>{kind === 'positive' ? 'Good' : 'Not good'}</Badge>
                  <RelativeTime at={createdAt.toISOString()} />
                  <Id>{itemIds.at(-1) ?? ''}</Id>
                </li>
              ))}
            </ul>
          </Card>
        )}
      </div>
    </>
  )
}

/** The models that failed before their first word, so that another one was asked. */
function Fallbacks({ fallbacks }: { fallbacks: ModelFallback[] }) {
  return (
    <ul>
      {fallbacks.map(({ model, provider, failureClass, at }) => (
        <li key={at} className="wrap-anywhere">
          {model} ({provider}): {explainFailure(failureClass, RUN_FAILURES).title}
        </li>
      ))}
    </ul>
  )
}
