import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { ServerForm } from '#app/admin/servers/server-form.tsx'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { requireServer } from '#lib/data/servers/servers.ts'
import { findBoundIssuer } from '#lib/mcp-client/accounts/client-issuer.ts'
import { toMcpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { TEMPLATE_NAMES } from '#lib/mcp-client/servers/templates.ts'
import { AppError } from '#lib/platform/errors.ts'

export const metadata: Metadata = { title: 'Change a server' }

export default async function EditServerPage({ params }: { params: Promise<{ id: string }> }) {
  await requirePageAdmin()
  const { secrets, ...server } = await requireServer(decodeURIComponent((await params).id)).catch((error) => {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  })
  const seenIssuer = await findBoundIssuer(toMcpServer({ ...server, secrets }))
  return (
    <div className="max-w-3xl">
      <PageHeader back={{ href: `/admin/servers/${server.id}`, label: server.name }} title={`Change ${server.name}`} />
      <Card>
        <ServerForm
          templateNames={TEMPLATE_NAMES}
          server={{
            id: server.id,
            name: server.name,
            url: server.url,
            audience: server.audience,
            config: server.config,
            secretNames: Object.keys(secrets?.headers ?? {}),
            hasClientSecret: Boolean(secrets?.clientSecret),
            seenIssuer,
          }}
        />
      </Card>
    </div>
  )
}
