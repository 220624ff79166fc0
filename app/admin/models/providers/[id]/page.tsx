import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { deleteProvider } from '#app/admin/models/actions.ts'
import { ProviderForm } from '#app/admin/models/provider-form.tsx'
import { Card } from '#app/ui/card.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { requireProvider } from '#lib/data/models/model-providers.ts'
import { AppError } from '#lib/platform/errors.ts'

export const metadata: Metadata = { title: 'Provider' }

/** One provider: its address and its key, which is never shown. */
export default async function ProviderPage({ params }: { params: Promise<{ id: string }> }) {
  await requirePageAdmin()
  const { secrets, ...provider } = await requireProvider(decodeURIComponent((await params).id)).catch((error) => {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  })
  return (
    <div className="grid max-w-3xl gap-5">
      <PageHeader back={{ href: '/admin/models', label: 'Models' }} title={provider.name} />
      <Card>
        <ProviderForm
          provider={{
            ...provider,
            hasKey: secrets?.key !== undefined,
            headerNames: Object.keys(secrets?.headers ?? {}),
          }}
        />
      </Card>
      <Card title="Remove" hint="Its models are no longer offered. Runs keep their names.">
        <ConfirmButton
          label="Remove the provider"
          title={`Remove ${provider.name}?`}
          confirmLabel="Remove"
          fields={{ provider: provider.id }}
          action={deleteProvider}
          tone="danger"
        >
          Its key and its models are deleted here. Conversations go on with the default.
        </ConfirmButton>
      </Card>
    </div>
  )
}
