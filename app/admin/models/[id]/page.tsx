import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { toShownAudience } from '#app/admin/audience/parse-audience.ts'
import { toAudienceText } from '#app/admin/audience/to-audience-text.ts'
import { ExaminationButton } from '#app/admin/examination-button.tsx'
import { deleteModel, testModel } from '#app/admin/models/actions.ts'
import { listModelChoices } from '#app/admin/models/list-model-choices.ts'
import { ModelForm } from '#app/admin/models/model-form.tsx'
import { requireAdminModel } from '#app/admin/models/require-admin-model.ts'
import { toApiText, toOriginText, toPriceText, toUsesText } from '#app/admin/models/to-model-text.ts'
import { Card } from '#app/ui/card.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { Facts } from '#app/ui/lists/facts.tsx'
import { toDollars } from '#lib/agent/models/catalog/price-text.ts'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import type { StoredModel } from '#lib/data/models/stored-models.ts'
import { AppError } from '#lib/platform/errors.ts'

export const metadata: Metadata = { title: 'Model' }

/** One model: what it is, a test of what it can do, and its form if it was offered on the page. */
export default async function ModelPage({ params }: { params: Promise<{ id: string }> }) {
  await requirePageAdmin()
  const id = decodeURIComponent((await params).id)
  const { model, access, stored } = await requireAdminModel(id).catch((error) => {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  })
  const choices = await listModelChoices()
  const fallback = choices.models.find((other) => other.id === model.fallbackId)
  const { tools, pictures, files, reasoningLevels } = model.capabilities
  const can = [tools && 'tools', pictures && 'pictures', files && 'PDF files'].filter(Boolean).join(', ')
  return (
    <div className="grid max-w-3xl gap-5">
      <PageHeader
        back={{ href: '/admin/models', label: 'Models' }}
        title={model.name}
        hint={<span className="break-all">{`${model.model}, ${access.baseUrl}`}</span>}
      />
      <Card title="Test" hint="A few small requests to the provider, which it may charge for.">
        <ExaminationButton label="Test this model" id={id} examine={testModel} />
      </Card>
      {stored ? (
        <Card title="Settings">
          <ModelForm model={await toShown(stored)} choices={choices} providerId={stored.providerId} />
        </Card>
      ) : (
        <Card title="Settings" hint={`From ${toOriginText(model.origin)}. It cannot be changed here.`}>
          <Facts
            facts={[
              ['Provider', model.provider.name],
              ['API', toApiText(model.api)],
              ['Used for', toUsesText(model.uses)],
              ['For', toAudienceText(model.audience)],
              ['Can', can || 'Text only'],
              ['Levels of thinking', reasoningLevels.join(', ')],
              ['Context window', `${model.contextWindowTokens.toLocaleString('en')} tokens`],
              ['Longest answer', model.maxOutputTokens && `${model.maxOutputTokens.toLocaleString('en')} tokens`],
              ['Price of a million tokens', toPriceText(model.prices)],
              ['If it fails', fallback?.name ?? 'The answer fails'],
            ]}
          />
        </Card>
      )}
      {stored && (
        <Card title="Withdraw" hint="Conversations go on with the default. Runs keep the name.">
          <ConfirmButton
            label="Withdraw the model"
            title={`Withdraw ${model.name}?`}
            confirmLabel="Withdraw"
            fields={{ id }}
            action={deleteModel}
            tone="danger"
          >
            It disappears from the menu of models. To keep its settings, switch Offered off instead.
          </ConfirmButton>
        </Card>
      )}
    </div>
  )
}

async function toShown({ capabilities, prices, audience, description, ...model }: StoredModel) {
  const { reasoningLevels, ...can } = capabilities
  return {
    ...model,
    ...can,
    description: description ?? '',
    levels: reasoningLevels,
    prices: {
      input: prices ? toDollars(prices.input) : '',
      cached: prices ? toDollars(prices.cachedInput) : '',
      output: prices ? toDollars(prices.output) : '',
    },
    audience: await toShownAudience(audience),
  }
}
