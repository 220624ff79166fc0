import Link from 'next/link'
import { CallPage } from '#app/calls/call-page.tsx'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { repeatMyCall } from './actions.ts'

export const generateMetadata = makeTitle('Tool call')

/** One of the person's own calls. Another person's call answers 404. */
export default async function MyCallPage({ params }: { params: Promise<{ id: string }> }) {
  const t = await readTranslate()
  const caller = await requirePageCaller()
  return (
    <CallPage
      scope={{ caller }}
      id={(await params).id}
      list={{ href: '/activity', label: t('Activity') }}
      asWhom={() => t('as you')}
      repeat={repeatMyCall}
      facts={async ({ threadId, repeatedBy }) => [
        [
          t('Conversation'),
          threadId && (
            <Link key="t" href={`/chat/${threadId}`} className="text-accent underline-offset-2 hover:underline">
              {t('Open the conversation')}
            </Link>
          ),
        ],
        [t('Asked for by'), repeatedBy && (repeatedBy === caller.userId ? t('You yourself') : t('An admin'))],
      ]}
    />
  )
}
