import { Badge } from '#app/ui/badge.tsx'
import { LinkButton } from '#app/ui/button.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { EVERY_TOOL, type ToolPolicy } from '#lib/data/servers/policies.ts'
import { removePolicy } from './actions.ts'

const AFTER_UNTRUSTED: Record<NonNullable<ToolPolicy['afterUntrusted']>, string> = {
  ask: 'Asks',
  allow: 'Does not ask',
}

const ASKS: Record<NonNullable<ToolPolicy['approval']>, string> = {
  never: 'Never',
  always: 'Before every call',
  first: 'Before the first call in a conversation',
  annotation: 'When the tool may destroy something',
}

/** One policy a row. `isIdle` is true of a policy that has no effect. */
export function PolicyTable({
  policies,
  isIdle,
}: {
  policies: ToolPolicy[]
  isIdle: (policy: Pick<ToolPolicy, 'server' | 'tool'>) => boolean
}) {
  return (
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
              {isIdle({ server, tool }) && <Badge tone="warn">Not there</Badge>}
            </>
          ),
        },
        { header: 'Approval', cell: ({ approval }) => (approval ? ASKS[approval] : 'As for the server') },
        {
          header: 'After untrusted content',
          cell: ({ afterUntrusted }) => (afterUntrusted ? AFTER_UNTRUSTED[afterUntrusted] : 'As for the server'),
        },
        { header: 'Seconds', cell: (policy) => secondsText(policy) },
        {
          header: 'Never stored',
          cell: ({ hidden }) => (
            <span className="wrap-anywhere">{hidden.join(', ') || 'only secrets by their look'}</span>
          ),
        },
        { header: 'Says', cell: (policy) => <span className="wrap-anywhere">{sayingText(policy)}</span> },
        { header: 'Retry', cell: ({ repeatable }) => (repeatable ? 'Yes, confirmed' : 'No') },
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
                <p>The policy of the server, or else the default, applies from the next call on.</p>
              </ConfirmButton>
            </span>
          ),
        },
      ]}
    />
  )
}

function secondsText({ connectSeconds, idleSeconds, hardSeconds }: ToolPolicy): string {
  const given = [
    connectSeconds && `connect ${connectSeconds}`,
    idleSeconds && `idle ${idleSeconds}`,
    hardSeconds && `total ${hardSeconds}`,
  ].filter(Boolean)
  return given.join(', ') || 'as set'
}

function sayingText({ sentence, sentenceTool }: ToolPolicy): string {
  return [sentence, sentenceTool && `by ${sentenceTool}`].filter(Boolean).join(', ') || 'the arguments alone'
}
