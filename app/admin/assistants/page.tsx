import type { Metadata } from 'next'
import Link from 'next/link'
import { toHandoverText, toToolText } from '#app/admin/assistants/to-assistant-text.ts'
import { toAudienceText } from '#app/admin/audience/to-audience-text.ts'
import { FileProblem } from '#app/admin/file-problem.tsx'
import { AssistantMark } from '#app/ui/assistant-mark.tsx'
import { Badge } from '#app/ui/badge.tsx'
import { LinkButton } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { Facts } from '#app/ui/lists/facts.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { findAssistantsFileProblem } from '#lib/agent/assistants/assistants-file.ts'
import { findOrganisation, listAssistants } from '#lib/agent/assistants/list-assistants.ts'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { DEFAULT_SLUG } from '#lib/data/assistants/assistant-config.ts'

export const metadata: Metadata = { title: 'Assistants' }

const ORIGINS = { 'built-in': 'Built in', page: 'This page', file: 'ASSISTANTS_FILE' }

/** The assistants that people talk to, and what holds for all of them. */
export default async function AssistantsPage() {
  await requirePageAdmin()
  const [assistants, organisation] = await Promise.all([listAssistants(), findOrganisation()])
  return (
    <>
      <PageHeader
        title="Assistants"
        hint="Who answers. People choose one, or talk to the first, which hands over to the others."
        actions={
          <LinkButton tone="primary" href="/admin/assistants/new">
            Add an assistant
          </LinkButton>
        }
      />
      <div className="grid grid-cols-1 gap-5">
        <FileProblem setting="ASSISTANTS_FILE" problem={findAssistantsFileProblem()} />
        <Card flush>
          <Table
            caption="Assistants"
            rows={assistants}
            rowKey={({ slug }) => slug}
            columns={[
              {
                header: 'Assistant',
                lead: true,
                cell: ({ slug, config }) => (
                  <span className="flex items-center gap-3">
                    <AssistantMark {...config} />
                    <span className="min-w-0">
                      <span className="flex flex-wrap items-center gap-x-2">
                        <Link
                          href={`/admin/assistants/${slug}`}
                          className="font-medium text-accent underline-offset-2 hover:underline"
                        >
                          {config.name}
                        </Link>
                        {slug === DEFAULT_SLUG && <Badge tone="accent">Default</Badge>}
                      </span>
                      <span className="block text-sm font-normal wrap-anywhere text-ink-faint">
                        {config.description || slug}
                      </span>
                    </span>
                  </span>
                ),
              },
              { header: 'For', cell: ({ config }) => toAudienceText(config.audience) },
              { header: 'Tools', cell: ({ config }) => toToolText(config.tools) },
              { header: 'Hands over to', cell: ({ config }) => toHandoverText(config.handovers, assistants) },
              { header: 'Version', cell: ({ version }) => version?.number },
              { header: 'From', cell: ({ origin }) => ORIGINS[origin] },
            ]}
          />
        </Card>
        <Card
          title="For every assistant"
          hint="Its instructions come before those of each assistant."
          actions={
            !organisation.isOfFile && (
              <LinkButton size="sm" href="/admin/assistants/organisation">
                Change
              </LinkButton>
            )
          }
        >
          <Facts
            facts={[
              ['Organisation', organisation.name || 'No name yet'],
              [
                'Instructions',
                <span key="i" className="whitespace-pre-line">
                  {organisation.instructions || 'None'}
                </span>,
              ],
              ['From', organisation.isOfFile ? ORIGINS.file : null],
            ]}
          />
        </Card>
      </div>
    </>
  )
}
