import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { z } from 'zod'
import { listModelChoices } from '#app/admin/models/list-model-choices.ts'
import { ModelForm } from '#app/admin/models/model-form.tsx'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'

export const metadata: Metadata = { title: 'Offer a model' }

const Query = z.object({ provider: z.string().max(100).optional().catch(undefined) })

export default async function NewModelPage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  await requirePageAdmin()
  const { provider } = Query.parse(await searchParams)
  const choices = await listModelChoices()
  const [first] = choices.providers
  if (!first) redirect('/admin/models/providers/new')
  const chosen = choices.providers.find(({ id }) => id === provider) ?? first
  return (
    <div className="max-w-3xl">
      <PageHeader back={{ href: '/admin/models', label: 'Models' }} title="Offer a model" />
      <Card>
        <ModelForm choices={choices} providerId={chosen.id} />
      </Card>
    </div>
  )
}
