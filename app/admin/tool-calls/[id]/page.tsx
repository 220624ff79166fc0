import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { requirePageAdmin } from '#lib/auth/page-caller.ts'
import { findToolCall } from '#lib/data/tool-calls.ts'
import { AppError } from '#lib/errors.ts'
import { CallDetail } from '../../../ui/call-detail.tsx'
import { CallStatus } from '../../../ui/call-status.tsx'
import { Id } from '../../../ui/facts.tsx'
import { PageHeader } from '../../../ui/page-header.tsx'
import { toolCallsHref } from '../filter.ts'

export const metadata: Metadata = { title: 'Tool call' }

const LINK = 'text-accent underline-offset-2 hover:underline'

/** One call of anybody, with its person, run and conversation. */
export default async function ToolCallPage({ params }: { params: Promise<{ id: string }> }) {
  const caller = await requirePageAdmin()
  const call = await findToolCall({ admin: true }, (await params).id).catch((error) => {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  })
  return (
    <>
      <PageHeader
        back={{ href: '/admin/tool-calls', label: 'Tool calls' }}
        title={
          <span className="flex flex-wrap items-center gap-3">
            <span className="font-mono">{call.tool}</span>
            <CallStatus status={call.status} />
          </span>
        }
      />
      <CallDetail
        call={call}
        facts={[
          [
            'Person',
            <Link key="p" className={LINK} href={toolCallsHref({ person: call.ownerId })} title={call.owner.email}>
              {call.owner.name}
            </Link>,
          ],
          [
            'Run',
            call.runId && (
              <Link key="r" className={LINK} href={`/admin/runs/${call.runId}`}>
                <Id>{call.runId}</Id>
              </Link>
            ),
          ],
          [
            'Conversation',
            call.threadId && (
              <Link
                key="t"
                className={LINK}
                href={call.ownerId === caller.userId ? `/chat/${call.threadId}` : toolCallsHref({ thread: call.threadId })}
                title={call.ownerId === caller.userId ? 'Open your conversation' : 'All calls of this conversation'}
              >
                <Id>{call.threadId}</Id>
              </Link>
            ),
          ],
          ['Call id of the model', call.callId && <Id key="c">{call.callId}</Id>],
          ['Token', call.tokenId && <Id key="k">{call.tokenId}</Id>],
        ]}
      />
    </>
  )
}
