import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { z } from 'zod'
import { ExaminationButton } from '#app/admin/examination-button.tsx'
import { deleteServer, examineServer } from '#app/admin/servers/actions.ts'
import { IDENTITY_NAMES } from '#app/admin/servers/identity-names.ts'
import { IdentityPreview } from '#app/admin/servers/identity-preview.tsx'
import { LeftOutTools } from '#app/admin/servers/left-out-tools.tsx'
import { requireAdminServer } from '#app/admin/servers/require-admin-server.ts'
import { Switch } from '#app/admin/servers/switch.tsx'
import { ToolPinList } from '#app/admin/servers/tool-pin-list.tsx'
import { Badge } from '#app/ui/badge.tsx'
import { LinkButton } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { Facts } from '#app/ui/lists/facts.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { listServers } from '#lib/data/servers/servers.ts'
import { listToolPins } from '#lib/data/servers/tool-pins.ts'
import { listToolRefusals } from '#lib/data/servers/tool-refusals.ts'
import { isPinned } from '#lib/mcp-client/connection/load-tools.ts'
import { needsApprovalIfUnannotated } from '#lib/mcp-client/servers/mcp-servers.ts'
import { AppError } from '#lib/platform/errors.ts'

export const metadata: Metadata = { title: 'Tool server' }

const Query = z.object({ as: z.string().trim().max(320).optional().catch(undefined) })

/**
 * One server: its state, its tools and how they changed, what it learns about people, and a test.
 */
export default async function ServerPage({
  params,
  searchParams,
}: {
  params: Promise<{ id: string }>
  searchParams: Promise<Record<string, unknown>>
}) {
  const admin = await requirePageAdmin()
  const id = decodeURIComponent((await params).id)
  const server = await requireAdminServer(id).catch((error) => {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  })
  const { as } = Query.parse(await searchParams)
  const [pins, stored, refusals] = await Promise.all([
    listToolPins(id),
    server.fromAdmin ? listServers() : [],
    listToolRefusals({ server: server.name }),
  ])
  const enabled = !server.fromAdmin || stored.some((other) => other.id === id && other.enabled)
  return (
    <>
      <PageHeader
        back={{ href: '/admin/servers', label: 'Tool servers' }}
        title={
          <span className="flex flex-wrap items-center gap-3">
            {server.name}
            {enabled ? <Badge tone="ok">Enabled</Badge> : <Badge>Disabled</Badge>}
          </span>
        }
        hint={<span className="break-all">{server.url}</span>}
        actions={
          server.fromAdmin && (
            <>
              <Switch id={id} enabled={enabled} />
              <LinkButton href={`/admin/servers/${id}/edit`}>Change</LinkButton>
            </>
          )
        }
      />
      <div className="grid gap-5">
        <Card>
          <Facts
            facts={[
              ['Transport', server.config?.transport === 'sse' ? 'HTTP+SSE' : 'Streamable HTTP'],
              ['Authentication', IDENTITY_NAMES[server.config?.identity.kind ?? 'none'].short],
              ['For', server.audience === 'admins' ? 'Admins only' : 'Everyone'],
              ['Allowed tools', server.config?.allow.join(', ') || 'All'],
              ['Denied tools', server.config?.deny.join(', ')],
              [
                'Tools that do not say what they do',
                needsApprovalIfUnannotated(server) ? 'Ask a person first' : 'Are called without asking',
              ],
              ['From', server.fromAdmin ? 'This page' : 'Settings'],
            ]}
          />
        </Card>
        <Card title="Test" hint="From the name to the tools, as you. Nothing is called.">
          <ExaminationButton label="Test the connection" id={id} examine={examineServer} />
        </Card>
        <LeftOutTools pins={pins} refusals={refusals} />
        <ToolPinList serverId={id} pins={pins} pinned={isPinned(server)} />
        <IdentityPreview server={server} as={as} adminId={admin.userId} />
        {server.fromAdmin && (
          <Card title="Remove" hint="Its tools disappear from every assistant. Its calls stay in the ledger.">
            <ConfirmButton
              label="Remove the server"
              title={`Remove ${server.name}?`}
              confirmLabel="Remove"
              fields={{ server: id }}
              action={deleteServer}
              tone="danger"
            >
              Everybody’s accounts and keys for it are deleted here.
            </ConfirmButton>
          </Card>
        )}
      </div>
    </>
  )
}
