import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { requirePageCaller } from '#lib/auth/page-caller.ts'
import { findToolCall } from '#lib/data/tool-calls.ts'
import { AppError } from '#lib/errors.ts'
import { CallDetail } from '../../ui/call-detail.tsx'
import { CallStatus } from '../../ui/call-status.tsx'
import { PageHeader } from '../../ui/page-header.tsx'

export const metadata: Metadata = { title: 'Tool call' }

/** One of the person's own calls. Somebody else's does not exist here. */
export default async function MyCallPage({ params }: { params: Promise<{ id: string }> }) {
  const caller = await requirePageCaller()
  const call = await findToolCall({ caller }, (await params).id).catch((error) => {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  })
  return (
    <>
      <PageHeader
        back={{ href: '/activity', label: 'Activity' }}
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
            'Conversation',
            call.threadId && (
              <Link key="t" href={`/chat/${call.threadId}`} className="text-accent underline-offset-2 hover:underline">
                Open the conversation
              </Link>
            ),
          ],
        ]}
      />
    </>
  )
}
