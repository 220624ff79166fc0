import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { Shell } from '#app/ui/layout/shell.tsx'
import { Tabs } from '#app/ui/tabs.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'

export const metadata: Metadata = { title: { default: 'Admin', template: '%s · Admin · Switchboard' } }

/**
 * Checks for an admin here, so that the status code is right before anything is sent. Each page
 * checks again.
 */
export default async function AdminLayout({ children }: { children: ReactNode }) {
  await requirePageAdmin()
  return (
    <Shell>
      <Tabs
        label="Admin"
        tabs={[
          { href: '/admin', label: 'Overview', exact: true },
          { href: '/admin/tool-calls', label: 'Tool calls' },
          { href: '/admin/runs', label: 'Runs' },
          { href: '/admin/assistants', label: 'Assistants' },
          { href: '/admin/models', label: 'Models' },
          { href: '/admin/usage', label: 'Usage' },
          { href: '/admin/servers', label: 'Servers' },
          { href: '/admin/policies', label: 'Policies' },
          { href: '/admin/people', label: 'People' },
          { href: '/admin/audit', label: 'Audit' },
        ]}
      />
      {children}
    </Shell>
  )
}
