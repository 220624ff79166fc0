import type { AskReason } from '#lib/agent/approval-rules.ts'
import type { ThreadItem, WidgetRoot } from '#lib/chatkit/protocol/items.ts'
import { action } from '#lib/chatkit/widgets/actions.ts'
import { Button, Caption, Card, Markdown, Row, Title } from '#lib/chatkit/widgets/components.ts'

/** The actions of a card: yes, no, and yes for the rest of the thread. The payload is `{ approval }`, its id. */
export const APPROVAL_ACTIONS = { 'approval.approve': 'approved', 'approval.always': 'approved', 'approval.deny': 'denied' } as const

/** Nobody reads more than this: a call with longer arguments is not asked about, but refused. */
export const SHOWN_MAX_CHARS = 20_000

/** What a card asks, or asked. */
export type Question = { id: string; server: string; tool: string; arguments: unknown; reason: AskReason; remember: boolean }

const KEY = 'approval:'

/** True for a card of ours: what became of its call is kept for the model beside it. */
export function isApprovalCard(item: ThreadItem): boolean {
  return item.type === 'widget' && item.widget.key?.startsWith(KEY) === true
}

const WHY: Record<AskReason, string> = {
  always: 'This tool is called only after you agree.',
  first: 'This is its first call in this conversation.',
  destructive: 'The tool says that this cannot be undone.',
  repeated: 'The same call was made before for this message, and took or may have taken effect.',
}

/** The card that asks a person about a call: the tool, its exact arguments, and the buttons. */
export function askingCard({ id, server, tool, arguments: args, reason, remember }: Question): WidgetRoot {
  const payload = { approval: id }
  return Card({
    key: `${KEY}${id}`,
    children: [
      Title({ value: `Call ${printable(tool)}?`, size: 'sm' }),
      Caption({ value: `A tool of ${printable(server)}. ${WHY[reason]}` }),
      Markdown({ value: shownArguments(args) }),
      Row({
        wrap: 'wrap',
        gap: 2,
        children: [
          Button({ label: 'Approve', style: 'primary', onClickAction: action('approval.approve', payload) }),
          Button({ label: 'Deny', style: 'secondary', onClickAction: action('approval.deny', payload) }),
          remember
            ? Button({ label: 'Always in this thread', style: 'secondary', onClickAction: action('approval.always', payload) })
            : null,
        ],
      }),
    ],
  })
}

/** The same card after its end: what was asked stays to be read, the buttons go. One that has ended before stays as it is. */
export function closedCard(card: WidgetRoot, ending: string): WidgetRoot {
  const all = (card.children ?? []) as WidgetRoot[]
  const children = all.filter(({ type }) => type !== 'Row')
  if (children.length === all.length) return card
  return { ...card, children: [...children, Caption({ value: ending })] }
}

/** Everything that the tool would get; characters that cannot be seen are written out, so that nothing hides between the others. */
export function shownArguments(args: unknown): string {
  const text = printable(JSON.stringify(args, null, 2) ?? 'null')
  const fence = '`'.repeat(Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)) + 1)
  return `${fence}json\n${text}\n${fence}`
}

/** The text with characters that cannot be seen written out. */
export function printable(text: string): string {
  return text.replace(/[^\P{C}\n]|[\u2028\u2029\u115f\u1160\u3164\uffa0]/gu, (char) =>
    [...Array(char.length).keys()].map((at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  )
}
