import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { OrganisationForm } from '#app/admin/assistants/organisation-form.tsx'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { findOrganisation } from '#lib/agent/assistants/list-assistants.ts'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'

export const metadata: Metadata = { title: 'For every assistant' }

export default async function OrganisationPage() {
  await requirePageAdmin()
  const { isOfFile, ...organisation } = await findOrganisation()
  if (isOfFile) notFound()
  return (
    <>
      <PageHeader
        back={{ href: '/admin/assistants', label: 'Assistants' }}
        title="For every assistant"
        hint="Each assistant reads this before its own instructions, and after the rules that always hold."
      />
      <Card>
        <OrganisationForm organisation={organisation} />
      </Card>
    </>
  )
}
