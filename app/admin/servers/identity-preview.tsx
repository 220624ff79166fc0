import Form from 'next/form'
import { Card } from '#app/ui/card.tsx'
import { TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { findAccountByEmail } from '#lib/data/people/users.ts'
import { previewIdentity, type SentValue } from '#lib/mcp-client/connection/preview-identity.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'

const WHERE: Record<SentValue['where'], string> = { header: 'Header', _meta: '_meta', argument: 'Argument' }

/**
 * What the server would learn about a person: the admin, or the account with the given address.
 * Sends nothing.
 */
export async function IdentityPreview({
  server,
  as,
  adminId,
}: {
  server: McpServer
  as: string | undefined
  adminId: string
}) {
  const person = as ? await findAccountByEmail(as) : { id: adminId }
  const told = person ? await previewIdentity(server, person.id) : []
  return (
    <Card flush title="What it learns about a person" hint={as && person ? `For ${as}.` : 'For you. Nothing is sent.'}>
      <div className="grid gap-4 px-4 pb-4 sm:px-5">
        <Form action="" className="flex max-w-md gap-2">
          <TextInput
            name="as"
            type="email"
            aria-label="Address of a person"
            placeholder="ann@example.com"
            defaultValue={as}
          />
          <SubmitButton tone="secondary">Look</SubmitButton>
        </Form>
        {!person && <Notice tone="warn">No account has this address.</Notice>}
        {person && told.length === 0 && <Notice>Nothing: it cannot tell people apart.</Notice>}
      </div>
      {told.length > 0 && (
        <div className="border-t border-line">
          <Table
            caption="What the server learns"
            rows={told}
            rowKey={({ where, name }) => where + name}
            columns={[
              { header: 'Name', lead: true, cell: ({ name }) => <code className="font-mono text-sm">{name}</code> },
              { header: 'Where', cell: ({ where }) => WHERE[where] },
              {
                header: 'Value',
                cell: ({ value, problem }) => <span className={`break-all ${problem ? 'text-bad' : ''}`}>{value}</span>,
              },
            ]}
          />
        </div>
      )}
    </Card>
  )
}
