import type { Metadata } from 'next'
import { ServerForm } from '#app/admin/servers/server-form.tsx'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { TEMPLATE_NAMES } from '#lib/mcp-client/servers/templates.ts'

export const metadata: Metadata = { title: 'Add a server' }

export default async function NewServerPage() {
  await requirePageAdmin()
  return (
    <div className="max-w-3xl">
      <PageHeader
        back={{ href: '/admin/servers', label: 'Tool servers' }}
        title="Add a server"
        hint="It is added disabled. You test it and see its tools before any assistant does."
      />
      <Card>
        <ServerForm templateNames={TEMPLATE_NAMES} />
      </Card>
    </div>
  )
}
