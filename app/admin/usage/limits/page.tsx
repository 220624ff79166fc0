import { Gauge } from 'lucide-react'
import type { Metadata } from 'next'
import { toShownAudience } from '#app/admin/audience/parse-audience.ts'
import { toAudienceText } from '#app/admin/audience/to-audience-text.ts'
import { LinkButton } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { toAmountText } from '#lib/data/usage/limit-text.ts'
import { listLimits, type UsageLimit } from '#lib/data/usage/usage-limits.ts'
import { toDecimalText } from '#lib/platform/text/money-text.ts'
import { removeLimit } from './actions.ts'
import { LimitForm, type ShownLimit } from './limit-form.tsx'

export const metadata: Metadata = { title: 'Limits of use' }

/** How much people may use of models in a day or month. */
export default async function LimitsPage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  await requirePageAdmin()
  const { limit: wanted } = await searchParams
  const limits = await listLimits()
  const chosen = limits.find(({ id }) => id === wanted)
  return (
    <>
      <PageHeader
        back={{ href: '/admin/usage', label: 'Usage' }}
        title="Limits of use"
        hint="How much people may use of models in a day or month (UTC). Of several that concern a person, the tightest counts. A change counts from the next request on."
      />
      <div className="grid gap-6">
        <Card flush>
          {limits.length === 0 ? (
            <EmptyState icon={Gauge} title="No limits yet">
              Everybody may use as much as the providers allow.
            </EmptyState>
          ) : (
            <Table
              caption="Limits of use"
              rows={limits}
              rowKey={({ id }) => id}
              columns={[
                {
                  header: 'For',
                  lead: true,
                  cell: ({ audience, isShared }) => (
                    <>
                      <span className="block font-medium">{toAudienceText(audience)}</span>
                      <span className="block text-sm font-normal text-ink-faint">
                        {isShared ? 'all together' : 'each'}
                      </span>
                    </>
                  ),
                },
                {
                  header: 'Limit',
                  cell: (limit) => `${toAmountText(limit, limit.amount)} a ${limit.period}`,
                },
                {
                  header: 'Used now',
                  cell: (limit) => (limit.used === null ? 'counted for each' : toAmountText(limit, limit.used)),
                },
                { header: 'Warns at', align: 'end', cell: ({ warnPercent }) => `${warnPercent} %` },
                {
                  header: 'Actions',
                  align: 'end',
                  cell: ({ id }) => (
                    <span className="inline-flex gap-1">
                      <LinkButton size="sm" href={`/admin/usage/limits?${new URLSearchParams({ limit: id })}#change`}>
                        Change
                      </LinkButton>
                      <ConfirmButton
                        label="Remove"
                        title="Remove this limit?"
                        confirmLabel="Remove"
                        size="sm"
                        fields={{ id }}
                        action={removeLimit}
                      >
                        <p>From the next request on, it limits nobody.</p>
                      </ConfirmButton>
                    </span>
                  ),
                },
              ]}
            />
          )}
        </Card>
        <div id="change" className="scroll-mt-4">
          <Card title={chosen ? 'Change a limit' : 'Add a limit'}>
            <LimitForm key={chosen?.id} limit={chosen && (await toShownLimit(chosen))} />
          </Card>
        </div>
      </div>
    </>
  )
}

async function toShownLimit({
  id,
  audience,
  isShared,
  period,
  unit,
  amount,
  warnPercent,
}: UsageLimit): Promise<ShownLimit> {
  return {
    id,
    audience: await toShownAudience(audience),
    whose: isShared ? 'together' : 'each',
    period,
    unit,
    amount: unit === 'tokens' ? amount.toString() : toDecimalText(amount).replace(/0{1,4}$/, ''),
    warnPercent,
  }
}
