import { ShieldCheck } from 'lucide-react'
import type { Metadata } from 'next'
import { requirePageAdmin } from '#lib/auth/page-caller.ts'
import { EVERY_TOOL, listPolicies, type ToolPolicy } from '#lib/data/policies.ts'
import { toolCallFacets } from '#lib/data/tool-calls.ts'
import { allServers } from '#lib/mcp-client/servers.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { Table } from '../../ui/table.tsx'
import { removePolicy } from './actions.ts'
import { PolicyForm } from './policy-form.tsx'

export const metadata: Metadata = { title: 'Tool policies' }

const ASKS: Record<NonNullable<ToolPolicy['approval']>, string> = {
  never: 'Never',
  always: 'Before every call',
  first: 'Before the first call in a conversation',
  annotation: 'When the tool may destroy something',
}

/** What admins decided about tools: when people are asked, how long a call may take, what is not stored. */
export default async function PoliciesPage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  const admin = await requirePageAdmin()
  const { server: ofServer, tool: ofTool } = await searchParams
  const [policies, servers, { tools }] = await Promise.all([listPolicies(admin), allServers(), toolCallFacets({ admin: true })])
  const chosen = policies.find(({ server, tool }) => server === ofServer && tool === ofTool)
  const names = [...new Set([...servers.map(({ name }) => name), ...policies.map(({ server }) => server)])]
  return (
    <>
      <PageHeader
        title="Tool policies"
        hint="When people are asked before a tool is called, how long calls may take, and what stays out of the ledger."
      />
      <div className="grid gap-6">
        <Card flush>
          {policies.length === 0 ? (
            <EmptyState icon={ShieldCheck} title="Nothing decided yet">
              People are asked before a call of a tool that may destroy something: one that says so, or one that says nothing and belongs to
              a server whose page says that such tools ask. The times are those of the settings.
            </EmptyState>
          ) : (
            <Table
              caption="Tool policies"
              rows={policies}
              rowKey={({ server, tool }) => `${server} ${tool}`}
              columns={[
                {
                  header: 'Tool',
                  lead: true,
                  cell: ({ server, tool }) => (
                    <>
                      <span className="block font-medium">{tool === EVERY_TOOL ? 'Every tool' : tool}</span>
                      <span className="block text-sm font-normal break-all text-ink-faint">{server}</span>
                    </>
                  ),
                },
                { header: 'A person is asked', cell: ({ approval }) => (approval ? ASKS[approval] : 'As for the server') },
                { header: 'Seconds', cell: (policy) => secondsText(policy) },
                {
                  header: 'Never stored',
                  cell: ({ hidden }) => <span className="wrap-anywhere">{hidden.join(', ') || 'only secrets by their look'}</span>,
                },
                { header: 'Sent again', cell: ({ repeatable }) => (repeatable ? 'Yes, confirmed' : 'No') },
                {
                  header: 'Actions',
                  align: 'end',
                  cell: ({ server, tool }) => (
                    <span className="inline-flex gap-1">
                      <LinkButton size="sm" href={`/admin/policies?${new URLSearchParams({ server, tool })}#decide`}>
                        Change
                      </LinkButton>
                      <ConfirmButton
                        label="Remove"
                        title="Remove this policy?"
                        confirmLabel="Remove"
                        size="sm"
                        fields={{ server, tool }}
                        action={removePolicy}
                      >
                        <p>What holds for the server, or else the default, counts from the next call on.</p>
                      </ConfirmButton>
                    </span>
                  ),
                },
              ]}
            />
          )}
        </Card>
        <div id="decide" className="scroll-mt-4">
          <Card title={chosen ? `Change the policy of ${chosen.tool === EVERY_TOOL ? 'every tool' : chosen.tool}` : 'Decide about a tool'}>
            <PolicyForm key={chosen && `${chosen.server} ${chosen.tool}`} servers={names} tools={tools} policy={chosen} />
          </Card>
        </div>
      </div>
    </>
  )
}

function secondsText({ connectSeconds, idleSeconds, hardSeconds }: ToolPolicy): string {
  const given = [
    connectSeconds && `connect ${connectSeconds}`,
    idleSeconds && `silence ${idleSeconds}`,
    hardSeconds && `in all ${hardSeconds}`,
  ].filter(Boolean)
  return given.join(', ') || 'as set'
}
