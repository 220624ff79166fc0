import type { ReactNode } from 'react'
import { ClientSentences } from '#app/language/client-sentences.tsx'
import { readTranslate } from '#app/language/page-language.ts'
import { Shell } from '#app/ui/layout/shell.tsx'
import { Tabs } from '#app/ui/tabs.tsx'
import type { Sentence } from '#lib/platform/language/sentences.ts'

const SECTIONS: { href: string; label: Sentence }[] = [
  { href: '/settings/profile', label: 'Profile' },
  { href: '/settings/security', label: 'Security' },
  { href: '/settings/memory', label: 'Memory' },
  { href: '/settings/connections', label: 'Connected accounts' },
  { href: '/settings/access', label: 'Apps and tokens' },
  { href: '/settings/conversations', label: 'Conversations' },
  { href: '/settings/usage', label: 'Usage' },
  { href: '/settings/data', label: 'Your data' },
]

/** The frame of the settings: a list of their sections beside the one that is open, or above it. */
export default async function SettingsLayout({ children }: { children: ReactNode }) {
  const t = await readTranslate()
  return (
    <Shell>
      <ClientSentences rooms={['settings']}>
        <div className="lg:grid lg:grid-cols-[11rem_minmax(0,1fr)] lg:gap-8">
          <Tabs isBeside label={t('Settings')} tabs={SECTIONS.map(({ href, label }) => ({ href, label: t(label) }))} />
          <div className="min-w-0">{children}</div>
        </div>
      </ClientSentences>
    </Shell>
  )
}
