import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { AssistantForm } from '#app/admin/assistants/assistant-form.tsx'
import { listChoices } from '#app/admin/assistants/list-choices.ts'
import { requireAdminAssistant } from '#app/admin/assistants/require-admin-assistant.ts'
import { toShownAudience } from '#app/admin/audience/parse-audience.ts'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { DEFAULT_SLUG } from '#lib/data/assistants/assistant-config.ts'

export const metadata: Metadata = { title: 'Change an assistant' }

export default async function EditAssistantPage({ params }: { params: Promise<{ slug: string }> }) {
  await requirePageAdmin()
  const { slug, config, version, origin } = await requireAdminAssistant((await params).slug)
  if (origin === 'file') notFound()
  const assistant = { slug, base: version?.number ?? 0, config, audience: await toShownAudience(config.audience) }
  return (
    <>
      <PageHeader back={{ href: `/admin/assistants/${slug}`, label: config.name }} title={`Change ${config.name}`} />
      <AssistantForm assistant={assistant} isDefault={slug === DEFAULT_SLUG} choices={await listChoices(slug)} />
    </>
  )
}
