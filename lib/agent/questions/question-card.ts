import { domainToUnicode } from 'node:url'
import { fieldNodes } from '#lib/agent/questions/question-form.ts'
import type { ThreadItem, WidgetNode, WidgetRoot } from '#lib/chatkit/protocol/items.ts'
import { action } from '#lib/chatkit/server/widgets/actions.ts'
import { Button, Caption, Card, Form, Markdown, Row, Text, Title } from '#lib/chatkit/server/widgets/components.ts'
import type { AnswerKind } from '#lib/data/runs/questions/questions.ts'
import { readFields } from '#lib/mcp-client/questions/question-fields.ts'
import type { ServerQuestion } from '#lib/mcp-client/questions/server-question.ts'
import { toVisibleText } from '#lib/platform/text/visible-text.ts'

/**
 * How each action of a card answers. The payload is `{ question, values }`: the question's id, and
 * what the form's controls hold.
 */
export const QUESTION_ACTIONS = {
  'question.submit': 'accepted',
  'question.decline': 'declined',
  'question.cancel': 'cancelled',
} as const satisfies Record<string, AnswerKind>

/** What a card says after each answer. */
export const ANSWERED: Record<AnswerKind, string> = {
  accepted: 'You answered this.',
  declined: 'You declined to answer.',
  cancelled: 'Cancelled without an answer.',
}
/** What a card says if its question ended without an answer. */
export const ENDED = {
  expired: 'Not answered in time.',
  lost: 'Not answered: the server stopped before your answer. Ask again.',
  withdrawn: 'Not answered: the call ended before your answer.',
  replaced: 'Not answered: you wrote something else.',
} as const

const KEY = 'question:'

type About = {
  id: string
  server: string
  tool: string
  question: ServerQuestion
  /** The call is open meanwhile, so the answer comes beside the running answer. */
  isHeld: boolean
  timeZone: string
}

/** True for the card of a question. A hidden item tells the model what became of the call. */
export function isQuestionCard(item: ThreadItem): boolean {
  return item.type === 'widget' && item.widget.key?.startsWith(KEY) === true
}

/**
 * The card by which a server asks a person during a call: a form, or an address that opens in a new
 * tab on a click.
 */
export function makeQuestionCard({ id, server, tool, question, isHeld, timeZone }: About): WidgetRoot {
  const act = (type: keyof typeof QUESTION_ACTIONS) => action(type, { question: id }, { streaming: !isHeld })
  const send = question.mode === 'form' ? 'Submit' : 'I am done'
  const buttons = Row({
    wrap: 'wrap',
    gap: 2,
    children: [
      Button({ label: send, style: 'primary', submit: true }),
      Button({ label: 'Decline', style: 'secondary', onClickAction: act('question.decline') }),
      Button({ label: 'Cancel', style: 'secondary', onClickAction: act('question.cancel') }),
    ],
  })
  return Card({
    key: `${KEY}${id}`,
    children: [
      Title({ value: `${toVisibleText(server)} asks you`, size: 'sm' }),
      Caption({ value: `The tool ${toVisibleText(tool)} of ${toVisibleText(server)} needs this to go on.` }),
      Text({ value: toVisibleText(question.message) }),
      Form({
        onSubmitAction: act('question.submit'),
        children: [...(question.mode === 'form' ? fieldsOf(question, timeZone) : [addressOf(question)]), buttons],
      }),
    ],
  })
}

/** The same card without its form, which says how the question ended. A closed card stays as it is. */
export function closeQuestionCard(card: WidgetRoot, ending: string): WidgetRoot {
  const all = (card.children ?? []) as WidgetNode[]
  const children = all.filter(({ type }) => type !== 'Form')
  return children.length === all.length ? card : { ...card, children: [...children, Caption({ value: ending })] }
}

function fieldsOf(question: ServerQuestion & { mode: 'form' }, timeZone: string): WidgetNode[] {
  const fields = readFields(question.requestedSchema)
  return Array.isArray(fields) ? fields.flatMap((field, index) => fieldNodes(field, index, timeZone)) : []
}

/** Names the host, in both of its spellings, before the address can be opened. */
function addressOf({ url }: ServerQuestion & { mode: 'url' }): WidgetNode {
  const { host, hostname, href } = new URL(url)
  const spoken = domainToUnicode(hostname)
  const also = spoken && spoken !== hostname ? ` (written ${toVisibleText(spoken)})` : ''
  // The parser has escaped what could end the address.
  return Markdown({ value: `[Open ${host} in a new tab](<${href}>)${also.replace(/[\\`*_[\]<>#|~!]/g, '\\$&')}` })
}
