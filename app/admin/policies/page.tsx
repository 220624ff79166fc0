import { ShieldCheck } from 'lucide-react'
import type { Metadata } from 'next'
import { builtinFetch } from '#app/builtin-fetch.ts'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { listCallFacets } from '#lib/data/runs/lists/call-facets.ts'
import { EVERY_TOOL, listPolicies, type ToolPolicy } from '#lib/data/servers/policies.ts'
import { listKnownTools } from '#lib/mcp-client/connection/known-tools.ts'
import { listAllServers, type McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { PolicyForm } from './policy-form.tsx'
import { PolicyTable } from './policy-table.tsx'

export const metadata: Metadata = { title: 'Tool policies' }

/**
 * The admins' policies for tools: when people are asked, how long a call may take, what is not
 * stored.
 */
export default async function PoliciesPage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  const admin = await requirePageAdmin()
  const { server: ofServer, tool: ofTool } = await searchParams
  const [policies, servers, { tools }] = await Promise.all([listPolicies(admin), listAllServers(), listCallFacets()])
  const known = await listKnownTools(admin, servers, { builtinFetch })
  const idle = policies.flatMap((policy) => whyIdle(policy, servers, known) ?? [])
  const chosen = policies.find(({ server, tool }) => server === ofServer && tool === ofTool)
  const names = [...new Set([...servers.map(({ name }) => name), ...policies.map(({ server }) => server)])]
  return (
    <>
      <PageHeader
        title="Tool policies"
        hint="When people are asked before a tool is called, how long calls may take, and what stays out of the ledger."
      />
      <div className="grid gap-6">
        {idle.length > 0 && (
          <Notice
            tone="warn"
            title={idle.length === 1 ? 'A policy has no effect' : `${idle.length} policies have no effect`}
          >
            {idle.map((sentence) => (
              <p key={sentence}>{sentence}</p>
            ))}
          </Notice>
        )}
        <Notice tone="info" title="After untrusted content, a call asks">
          <p>
            A file, a page or a tool’s result may hold instructions that others wrote, and a model may follow them.
            While a conversation holds such content, people are asked before a call that changes something outside their
            own notes and tasks, or that reaches a server other than the one that the content is from. The card says
            why. A policy can decide otherwise for a tool or a server.
          </p>
        </Notice>
        <Card flush>
          {policies.length === 0 ? (
            <EmptyState icon={ShieldCheck} title="No policies yet">
              People are asked before a call of a tool that may destroy something: one that says so, or one that says
              nothing and belongs to a server whose page says that such tools ask. The times are those of the settings.
            </EmptyState>
          ) : (
            <PolicyTable policies={policies} isIdle={(policy) => whyIdle(policy, servers, known) !== undefined} />
          )}
        </Card>
        <div id="decide" className="scroll-mt-4">
          <Card
            title={
              chosen
                ? `Change the policy of ${chosen.tool === EVERY_TOOL ? 'every tool' : chosen.tool}`
                : 'Decide about a tool'
            }
          >
            <PolicyForm
              key={chosen && `${chosen.server} ${chosen.tool}`}
              servers={names}
              tools={[...new Set([...tools, ...[...known.values()].flatMap((some) => [...some])])].sort()}
              policy={chosen}
            />
          </Card>
        </div>
      </div>
    </>
  )
}

/**
 * Why a policy has no effect, with the tool that was probably meant. Undefined if the policy has an
 * effect, or if that cannot be told.
 */
function whyIdle(
  { server, tool }: Pick<ToolPolicy, 'server' | 'tool'>,
  servers: McpServer[],
  known: Map<string, Set<string>>,
): string | undefined {
  if (!servers.some(({ name }) => name === server)) return `There is no server ${server}, or it is switched off.`
  const tools = known.get(server)
  if (tool === EVERY_TOOL || !tools || tools.has(tool)) return undefined
  const bare = (name: string) => name.toLowerCase().replace(/[^a-z\d]/g, '')
  const meant = [...tools].find((name) => bare(tool).endsWith(bare(name)) || bare(name).startsWith(bare(tool)))
  return `${server} has no tool ${tool}.${meant ? ` Is ${meant} meant?` : ''}`
}
