import type { Metadata } from 'next'
import { requirePageAdmin } from '#lib/auth/page-caller.ts'
import { TEMPLATE_NAMES } from '#lib/mcp-client/templates.ts'
import { Card } from '../../../ui/card.tsx'
import { PageHeader } from '../../../ui/page-header.tsx'
import { ServerForm } from '../server-form.tsx'

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
