import { Bot } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { toAudienceText } from '#app/admin/audience/to-audience-text.ts'
import { FileProblem } from '#app/admin/file-problem.tsx'
import { ModelLimitsCard } from '#app/admin/servers/model-limits-card.tsx'
import { Badge } from '#app/ui/badge.tsx'
import { LinkButton } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { findModelsFileProblem } from '#lib/agent/models/catalog/models-file.ts'
import { modelsFor, readCatalog } from '#lib/agent/models/catalog/models-for.ts'
import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import { toOffered } from '#lib/agent/models/catalog/page-models.ts'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { readStoredModels } from '#lib/data/models/stored-models.ts'
import { listModelLimits } from '#lib/data/servers/model-limits.ts'
import { toApiText, toOriginText, toUsesText } from './to-model-text.ts'

export const metadata: Metadata = { title: 'Models' }

const LINK = 'font-medium text-accent underline-offset-2 hover:underline'

type Row = OfferedModel & { enabled: boolean }

/** The models that people may use, and the providers behind them. */
export default async function ModelsPage() {
  const admin = await requirePageAdmin()
  const [stored, catalog, limits, mine] = await Promise.all([
    readStoredModels(),
    readCatalog(),
    listModelLimits(),
    modelsFor({ id: admin.userId, role: admin.role }),
  ])
  const { providers } = stored
  const rows: Row[] = [
    ...stored.models.flatMap((model) => {
      const provider = providers.find(({ id }) => id === model.providerId)
      return provider ? { ...toOffered(provider, model), enabled: model.enabled } : []
    }),
    ...catalog.models.filter(({ origin }) => origin !== 'page').map((model) => ({ ...model, enabled: true })),
  ]
  const unreadable = new Set(catalog.providers.filter(({ isReadable }) => !isReadable).map(({ id }) => id))
  return (
    <>
      <PageHeader
        title="Models"
        hint="Who answers, for whom, and what happens if one fails."
        actions={
          <>
            {providers.length > 0 && <LinkButton href="/admin/models/new">Offer a model</LinkButton>}
            <LinkButton tone="primary" href="/admin/models/providers/new">
              Add a provider
            </LinkButton>
          </>
        }
      />
      <div className="grid gap-5">
        <FileProblem setting="MODELS_FILE" problem={findModelsFileProblem()} />
        <ModelLimitsCard limits={limits} />
        <Card flush title="Models">
          {rows.length === 0 ? (
            <EmptyState icon={Bot} title="No model">
              The demo assistant answers. Add a provider, then offer one of its models.
            </EmptyState>
          ) : (
            <Table
              caption="Models"
              rows={rows}
              rowKey={({ id }) => id}
              columns={[
                {
                  header: 'Model',
                  lead: true,
                  cell: ({ id, name, model, provider }) => (
                    <>
                      <Link href={`/admin/models/${encodeURIComponent(id)}`} className={LINK}>
                        {name}
                      </Link>
                      <span className="block text-sm font-normal break-all text-ink-faint">
                        {model}, {provider.name}
                      </span>
                    </>
                  ),
                },
                {
                  header: 'State',
                  cell: ({ enabled, provider, id }) =>
                    !enabled ? (
                      <Badge>Not offered</Badge>
                    ) : unreadable.has(provider.id) ? (
                      <Badge tone="bad">Key unreadable</Badge>
                    ) : id === mine[0]?.id ? (
                      <Badge tone="accent">Default</Badge>
                    ) : (
                      <Badge tone="ok">Offered</Badge>
                    ),
                },
                { header: 'Used for', cell: ({ uses }) => toUsesText(uses) },
                { header: 'For', cell: ({ audience }) => toAudienceText(audience) },
                { header: 'From', cell: ({ origin }) => toOriginText(origin) },
              ]}
            />
          )}
        </Card>
        {providers.length > 0 && (
          <Card flush title="Providers" hint="Servers of models that were added here.">
            <Table
              caption="Providers"
              rows={providers}
              rowKey={({ id }) => id}
              columns={[
                {
                  header: 'Provider',
                  lead: true,
                  cell: ({ id, name, baseUrl }) => (
                    <>
                      <Link href={`/admin/models/providers/${encodeURIComponent(id)}`} className={LINK}>
                        {name}
                      </Link>
                      <span className="block text-sm font-normal break-all text-ink-faint">{baseUrl}</span>
                    </>
                  ),
                },
                { header: 'API', cell: ({ api }) => toApiText(api) },
                {
                  header: 'Key',
                  cell: ({ secrets }) =>
                    secrets === null ? <Badge tone="bad">Unreadable</Badge> : secrets.key ? 'Stored' : 'None',
                },
                {
                  header: 'Models',
                  cell: ({ id }) => (
                    <Link href={`/admin/models/new?provider=${encodeURIComponent(id)}`} className={LINK}>
                      Offer one
                    </Link>
                  ),
                },
              ]}
            />
          </Card>
        )}
      </div>
    </>
  )
}
