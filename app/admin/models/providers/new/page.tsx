import type { Metadata } from 'next'
import { ProviderForm } from '#app/admin/models/provider-form.tsx'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'

export const metadata: Metadata = { title: 'Add a provider' }

export default async function NewProviderPage() {
  await requirePageAdmin()
  return (
    <div className="max-w-3xl">
      <PageHeader
        back={{ href: '/admin/models', label: 'Models' }}
        title="Add a provider"
        hint="OpenAI, or any server with one of its two APIs. Nobody gets a model of it before you offer one."
      />
      <Card>
        <ProviderForm />
      </Card>
    </div>
  )
}
