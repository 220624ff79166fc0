import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { ADMIN_PLACES } from '#app/admin/admin-places.ts'
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
      <Tabs label="Admin" tabs={ADMIN_PLACES} />
      {children}
    </Shell>
  )
}
