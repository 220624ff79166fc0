import { ServerCog } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { FileProblem } from '#app/admin/file-problem.tsx'
import { Badge } from '#app/ui/badge.tsx'
import { LinkButton } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { listModelLimits } from '#lib/data/servers/model-limits.ts'
import { listServers } from '#lib/data/servers/servers.ts'
import { countQuarantined } from '#lib/data/servers/tool-pins.ts'
import { findRetryTime } from '#lib/mcp-client/servers/health.ts'
import { type McpServer, readConfiguredServers, toMcpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { findServersFileProblem } from '#lib/mcp-client/servers/servers-file.ts'
import { IDENTITY_NAMES } from './identity-names.ts'
import { ModelLimitsCard } from './model-limits-card.tsx'

export const metadata: Metadata = { title: 'Tool servers' }

type Row = McpServer & { enabled: boolean; waiting: number }

/** The MCP servers whose tools the assistants use, from the settings and added by admins. */
export default async function ServersPage() {
  await requirePageAdmin()
  const [stored, waiting, limits] = await Promise.all([listServers(), countQuarantined(), listModelLimits()])
  const rows: Row[] = [
    ...readConfiguredServers().map((server) => ({ ...server, enabled: true })),
    ...stored.map((server) => ({ ...toMcpServer(server), enabled: server.enabled })),
  ].map((server) => ({ ...server, waiting: waiting.get(server.id ?? '') ?? 0 }))
  return (
    <>
      <PageHeader
        title="Tool servers"
        hint="MCP servers whose tools the assistants call, each as the person who asks."
        actions={
          <LinkButton tone="primary" href="/admin/servers/new">
            Add a server
          </LinkButton>
        }
      />
      <div className="grid gap-5">
        <FileProblem setting="MCP_SERVERS_FILE" problem={findServersFileProblem()} />
        <ModelLimitsCard limits={limits} />
        <Card flush>
          {rows.length === 0 ? (
            <EmptyState icon={ServerCog} title="No tool servers">
              Add one by its address, or set MCP_SERVER_URL or MCP_SERVERS_FILE.
            </EmptyState>
          ) : (
            <Table
              caption="Tool servers"
              rows={rows}
              rowKey={({ name, id }) => id ?? name}
              columns={[
                {
                  header: 'Server',
                  lead: true,
                  cell: ({ id, name, url }) => (
                    <>
                      {id ? (
                        <Link
                          href={`/admin/servers/${encodeURIComponent(id)}`}
                          className="font-medium text-accent underline-offset-2 hover:underline"
                        >
                          {name}
                        </Link>
                      ) : (
                        <span className="font-medium">{name}</span>
                      )}
                      <span className="block text-sm font-normal break-all text-ink-faint">{url}</span>
                    </>
                  ),
                },
                { header: 'State', cell: (server) => <State {...server} /> },
                {
                  header: 'Authentication',
                  cell: ({ builtin, config }) =>
                    builtin ? 'A token of the run' : IDENTITY_NAMES[config?.identity.kind ?? 'none'].short,
                },
                { header: 'For', cell: ({ audience }) => (audience === 'admins' ? 'Admins' : 'Everyone') },
                {
                  header: 'From',
                  cell: ({ builtin, fromAdmin }) => (builtin ? 'Built in' : fromAdmin ? 'This page' : 'Settings'),
                },
              ]}
            />
          )}
        </Card>
      </div>
    </>
  )
}

function State({ enabled, waiting, url, secrets }: Row) {
  if (!enabled) return <Badge>Disabled</Badge>
  if (secrets === null) return <Badge tone="bad">Secrets unreadable</Badge>
  if (findRetryTime(url)) return <Badge tone="bad">Does not answer</Badge>
  if (waiting > 0)
    return <Badge tone="warn">{waiting === 1 ? '1 tool to look at' : `${waiting} tools to look at`}</Badge>
  return <Badge tone="ok">Enabled</Badge>
}
