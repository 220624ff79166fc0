import type { Metadata } from 'next'
import Link from 'next/link'
import { CallPage } from '#app/calls/call-page.tsx'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { repeatMyCall } from './actions.ts'

export const metadata: Metadata = { title: 'Tool call' }

/** One of the person's own calls. Another person's call answers 404. */
export default async function MyCallPage({ params }: { params: Promise<{ id: string }> }) {
  const caller = await requirePageCaller()
  return (
    <CallPage
      scope={{ caller }}
      id={(await params).id}
      list={{ href: '/activity', label: 'Activity' }}
      asWhom={() => 'as you'}
      repeat={repeatMyCall}
      facts={async ({ threadId, repeatedBy }) => [
        [
          'Conversation',
          threadId && (
            <Link key="t" href={`/chat/${threadId}`} className="text-accent underline-offset-2 hover:underline">
              Open the conversation
            </Link>
          ),
        ],
        ['Asked for by', repeatedBy && (repeatedBy === caller.userId ? 'You' : 'An admin')],
      ]}
    />
  )
}
