import type { Metadata } from 'next'
import { AssistantForm } from '#app/admin/assistants/assistant-form.tsx'
import { listChoices } from '#app/admin/assistants/list-choices.ts'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'

export const metadata: Metadata = { title: 'New assistant' }

export default async function NewAssistantPage() {
  await requirePageAdmin()
  return (
    <>
      <PageHeader back={{ href: '/admin/assistants', label: 'Assistants' }} title="New assistant" />
      <AssistantForm assistant={null} isDefault={false} choices={await listChoices()} />
    </>
  )
}
