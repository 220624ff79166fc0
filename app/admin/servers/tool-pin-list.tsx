import { Wrench } from 'lucide-react'
import { Badge, type BadgeTone } from '#app/ui/badge.tsx'
import { Card } from '#app/ui/card.tsx'
import { Difference } from '#app/ui/difference.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import type { ToolPin } from '#lib/data/servers/tool-pins.ts'
import { diffDefinitions } from '#lib/mcp-client/tools/definition-diff.ts'
import { toVisibleText } from '#lib/platform/text/visible-text.ts'
import { AcceptButton, QuarantineButton } from './tool-pin-buttons.tsx'

const STATES: Record<ToolPin['state'], { label: string; tone: BadgeTone; what: string }> = {
  accepted: { label: 'Accepted', tone: 'ok', what: '' },
  new: { label: 'New: quarantined', tone: 'warn', what: 'No assistant sees this tool until you accept it.' },
  changed: {
    label: 'Changed: quarantined',
    tone: 'bad',
    what: 'It is no longer what was accepted. No assistant sees it until you accept the change.',
  },
}
const ORDER = { changed: 0, new: 1, accepted: 2 }

/**
 * The tools of a server, those that wait for an admin first, each with its changes since the
 * accepted definition.
 */
export function ToolPinList({ serverId, pins, pinned }: { serverId: string; pins: ToolPin[]; pinned: boolean }) {
  const sorted = pins.toSorted((a, b) => ORDER[a.state] - ORDER[b.state])
  return (
    <Card
      flush
      title="Tools"
      hint={pinned ? 'As this server offered them last.' : 'Changes are not held back for this server.'}
    >
      {pins.length === 0 ? (
        <EmptyState icon={Wrench} title="No tools seen yet">
          Test the connection to see them. Enabling the server accepts what is there then.
        </EmptyState>
      ) : (
        <ul className="divide-y divide-line border-t border-line">
          {sorted.map((pin) => (
            <li key={pin.tool} className="grid gap-2 p-4 sm:px-5">
              <div className="flex flex-wrap items-center justify-between gap-3">
                <p className="flex flex-wrap items-center gap-2">
                  <code className="font-mono font-medium break-all">{toVisibleText(pin.tool)}</code>
                  {pinned && <Badge tone={STATES[pin.state].tone}>{STATES[pin.state].label}</Badge>}
                </p>
                {pinned &&
                  (pin.state === 'accepted' ? (
                    <QuarantineButton server={serverId} tool={pin.tool} />
                  ) : (
                    <AcceptButton server={serverId} tool={pin.tool} hash={pin.offeredHash} />
                  ))}
              </div>
              {pinned && STATES[pin.state].what && <p className="text-sm text-ink-soft">{STATES[pin.state].what}</p>}
              <details open={pinned && pin.state !== 'accepted'}>
                <summary className="cursor-pointer text-sm text-ink-soft">
                  {pin.state === 'changed' ? 'What changed' : 'Definition'}
                </summary>
                <Difference
                  lines={diffDefinitions(pin.state === 'changed' ? pin.accepted : pin.offered, pin.offered)}
                />
              </details>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
