import type { ApprovalReason } from '#lib/agent/approvals/approval-rules.ts'
import type { CallSaying } from '#lib/agent/approvals/call-saying.ts'
import type { ThreadItem, WidgetRoot } from '#lib/chatkit/protocol/items.ts'
import { action } from '#lib/chatkit/server/widgets/actions.ts'
import { Button, Caption, Card, Markdown, Row, Text, Title } from '#lib/chatkit/server/widgets/components.ts'
import { toVisibleJson, toVisibleText } from '#lib/platform/text/visible-text.ts'

/**
 * The decision that each action of a card makes: approve, approve for the rest of the thread,
 * decline. The payload is `{ approval }`, the approval's id.
 */
export const APPROVAL_ACTIONS = {
  'approval.approve': 'approved',
  'approval.always': 'approved',
  'approval.deny': 'declined',
} as const

/**
 * The most (characters) that a card shows of a call's arguments. Nobody reads more, so a longer
 * call is refused.
 */
export const SHOWN_MAX_CHARS = 20_000

/** What a card asks about. */
export type Question = {
  id: string
  server: string
  tool: string
  arguments: unknown
  /** Names of the parameters that the session fills in, besides these arguments. */
  filledIn?: string[]
  reason: ApprovalReason
  /** What the call will do, and in whose words. Never a part of the exact arguments. */
  saying?: CallSaying | undefined
  /** What in the conversation may have led to the call, as sentences. */
  warning?: string
  remember: boolean
}

const KEY = 'approval:'

/** True for an approval card. A separate hidden item tells the model what became of the call. */
export function isApprovalCard(item: ThreadItem): boolean {
  return item.type === 'widget' && item.widget.key?.startsWith(KEY) === true
}

const WHY: Record<ApprovalReason, string> = {
  always: 'This tool always needs your approval.',
  first: 'This is its first call in this conversation.',
  destructive: 'The tool says that this cannot be undone.',
  unannotated: 'The tool does not say whether this can be undone.',
  untrusted: 'It may change something, or send on what was read here.',
  repeated: 'The same call was made before for this message, and it took effect or may have.',
}

/** The card that asks a person about a call: the tool, its exact arguments, and the buttons. */
export function makeApprovalCard({
  id,
  server,
  tool,
  arguments: args,
  filledIn = [],
  reason,
  saying,
  warning,
  remember,
}: Question): WidgetRoot {
  const payload = { approval: id }
  return Card({
    key: `${KEY}${id}`,
    children: [
      Title({ value: `Call ${toVisibleText(tool)}?`, size: 'sm' }),
      Caption({ value: `A tool of ${toVisibleText(server)}. ${WHY[reason]}` }),
      warning === undefined ? null : Caption({ value: warning }),
      ...(saying ? [Caption({ value: saying.origin }), Text({ value: saying.sentence, weight: 'semibold' })] : []),
      Markdown({ value: formatArguments(args) }),
      filledIn.length > 0
        ? Caption({ value: `Your session fills in: ${filledIn.map(toVisibleText).join(', ')}.` })
        : null,
      Row({
        wrap: 'wrap',
        gap: 2,
        children: [
          Button({ label: 'Approve', style: 'primary', onClickAction: action('approval.approve', payload) }),
          Button({ label: 'Decline', style: 'secondary', onClickAction: action('approval.deny', payload) }),
          remember
            ? Button({
                label: 'Always in this conversation',
                style: 'secondary',
                onClickAction: action('approval.always', payload),
              })
            : null,
        ],
      }),
    ],
  })
}

/** What a card says of a call that its person approved. */
export const APPROVED = {
  once: 'You approved this call.',
  always: 'You approved this tool for the rest of this conversation.',
}

/**
 * The same card after the decision: it stays readable, without its buttons. A card that was closed
 * before is returned as it is, but for one that says that the call was approved: something may have
 * kept it from being made.
 */
export function closeApprovalCard(card: WidgetRoot, ending: string): WidgetRoot {
  const all = (card.children ?? []) as WidgetRoot[]
  const isApproved = Object.values(APPROVED).includes(String(all.at(-1)?.value))
  const children = isApproved ? all.slice(0, -1) : all.filter(({ type }) => type !== 'Row')
  if (children.length === all.length) return card
  return { ...card, children: [...children, Caption({ value: ending })] }
}

/**
 * Everything that the tool would get, as a block of code with invisible characters made visible.
 */
export function formatArguments(args: unknown): string {
  const text = toVisibleJson(args)
  const fence = '`'.repeat(Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)) + 1)
  return `${fence}json\n${text}\n${fence}`
}
