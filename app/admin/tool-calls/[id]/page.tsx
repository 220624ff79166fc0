import type { Metadata } from 'next'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { AssistantVersionLink } from '#app/admin/assistants/assistant-version-link.tsx'
import { toToolCallsHref } from '#app/admin/tool-calls/tool-call-query.ts'
import { CallPage } from '#app/calls/call-page.tsx'
import { Id } from '#app/ui/lists/facts.tsx'
import { toCountText, toDurationText } from '#app/ui/time-text.ts'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { findPerson } from '#lib/data/people/users.ts'
import { findAnyRun } from '#lib/data/runs/run-list.ts'
import type { ToolCallDetail } from '#lib/data/runs/tool-calls.ts'
import { PERIOD_DAYS, readUsual } from '#lib/data/runs/usual-times.ts'
import { repeatAnyCall } from './actions.ts'

export const metadata: Metadata = { title: 'Tool call' }

const LINK = 'text-accent underline-offset-2 hover:underline'

/** One call of any person, with that person, its run and its conversation. */
export default async function ToolCallPage({ params }: { params: Promise<{ id: string }> }) {
  const { userId } = await requirePageAdmin()
  return (
    <CallPage
      scope={{ admin: true }}
      id={(await params).id}
      list={{ href: '/admin/tool-calls', label: 'Tool calls' }}
      asWhom={({ ownerId, owner }) =>
        ownerId === userId ? 'as you' : `as ${owner.name}, who sees that an admin did it`
      }
      repeat={repeatAnyCall}
      facts={(call) => factsOf(call, userId)}
    />
  )
}

async function factsOf(call: ToolCallDetail, me: string): Promise<[string, ReactNode][]> {
  const { ownerId, owner, runId, threadId, callId, tokenId, repeatedBy, server, tool, startedAt } = call
  const [run, usual, asker] = await Promise.all([
    runId ? findAnyRun(runId) : null,
    readUsual(server, tool),
    repeatedBy ? findPerson(repeatedBy) : null,
  ])
  return [
    [
      `Last ${PERIOD_DAYS} days`,
      usual.calls > 0 &&
        `p50 ${toDurationText(usual.p50)}, p95 ${toDurationText(usual.p95)} (${toCountText(usual.calls)} successful calls)`,
    ],
    [
      'Person',
      <Link key="p" className={LINK} href={toToolCallsHref({ person: ownerId })} title={owner.email}>
        {owner.name}
      </Link>,
    ],
    ['Asked for by', repeatedBy && (asker?.name ?? 'An account that is gone')],
    [
      'Run',
      runId && (
        <Link key="r" className={LINK} href={`/admin/runs/${runId}`}>
          <Id>{runId}</Id>
        </Link>
      ),
    ],
    ['Assistant', call.via === 'chat' && runId && <AssistantVersionLink key="a" id={call.assistantVersionId} />],
    ['In its run after', run && toDurationText(Math.max(0, startedAt.getTime() - run.createdAt.getTime()))],
    [
      'Conversation',
      threadId && (
        <Link
          key="t"
          className={LINK}
          href={ownerId === me ? `/chat/${threadId}` : toToolCallsHref({ thread: threadId })}
          title={ownerId === me ? 'Open your conversation' : 'All calls of this conversation'}
        >
          <Id>{threadId}</Id>
        </Link>
      ),
    ],
    ['Call id of the model', callId && <Id key="c">{callId}</Id>],
    ['Token', tokenId && <Id key="k">{tokenId}</Id>],
  ]
}
