import { Download } from 'lucide-react'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { toButtonClass } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { requireAccount } from '#lib/data/people/users.ts'
import { DeleteAccount } from './delete-account.tsx'

export const generateMetadata = makeTitle('Your data')

/** What a person takes along, and how they leave. */
export default async function DataPage() {
  const t = await readTranslate()
  const { passwordHash } = await requireAccount(await requirePageCaller())
  return (
    <div className="max-w-3xl">
      <PageHeader title={t('Your data')} hint={t('A copy of everything, and the end of your account.')} />
      <div className="grid gap-5">
        <Card title={t('Export')} hint={t('Profile, threads, runs, tool calls, tasks and notes as one JSON file.')}>
          <a href="/api/me/export" download className={toButtonClass()}>
            <Download aria-hidden className="size-4" />
            {t('Export my data')}
          </a>
        </Card>
        <Card
          title={t('Delete account')}
          hint={t('Removes your account and everything in it from this server, for good.')}
        >
          <DeleteAccount hasPassword={passwordHash !== null} />
        </Card>
      </div>
    </div>
  )
}
