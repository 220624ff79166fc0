import { isIP } from 'node:net'
import { domainToUnicode } from 'node:url'
import { fieldNodes } from '#lib/agent/questions/question-form.ts'
import type { QuestionWords } from '#lib/agent/questions/words/english.ts'
import { fillIn } from '#lib/agent/questions/words/find-words.ts'
import type { ThreadItem, WidgetNode, WidgetRoot } from '#lib/chatkit/protocol/items.ts'
import { action } from '#lib/chatkit/server/widgets/actions.ts'
import { Button, Caption, Card, Form, Markdown, Row, Text, Title } from '#lib/chatkit/server/widgets/components.ts'
import type { AnswerKind } from '#lib/data/runs/questions/questions.ts'
import { readFields } from '#lib/mcp-client/questions/question-fields.ts'
import type { ServerQuestion } from '#lib/mcp-client/questions/server-question.ts'
import { isPublicAddress } from '#lib/platform/net/public-address.ts'
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

const KEY = 'question:'

type About = {
  id: string
  server: string
  tool: string
  question: ServerQuestion
  /** The call is open meanwhile, so the answer comes beside the running answer. */
  isHeld: boolean
  timeZone: string
  words: QuestionWords
}

/** True for the card of a question. A hidden item tells the model what became of the call. */
export function isQuestionCard(item: ThreadItem): boolean {
  return item.type === 'widget' && item.widget.key?.startsWith(KEY) === true
}

/**
 * The card by which a server asks a person during a call: a form, or an address that opens in a new
 * tab on a click.
 */
export function makeQuestionCard({ id, question, isHeld, timeZone, words, ...about }: About): WidgetRoot {
  const [server, tool] = [toVisibleText(about.server), toVisibleText(about.tool)]
  const act = (type: keyof typeof QUESTION_ACTIONS) => action(type, { question: id }, { streaming: !isHeld })
  const send = question.mode === 'form' ? words.submit : words.done
  const buttons = Row({
    wrap: 'wrap',
    gap: 2,
    children: [
      Button({ label: send, style: 'primary', submit: true }),
      Button({ label: words.decline, style: 'secondary', onClickAction: act('question.decline') }),
      Button({ label: words.cancel, style: 'secondary', onClickAction: act('question.cancel') }),
    ],
  })
  return Card({
    key: `${KEY}${id}`,
    children: [
      Title({ value: fillIn(words.asks, { server }), size: 'sm' }),
      Caption({ value: fillIn(words.needs, { tool, server }) }),
      Text({ value: toVisibleText(question.message) }),
      Form({
        onSubmitAction: act('question.submit'),
        children: [
          ...(question.mode === 'form' ? fieldsOf(question, timeZone, words) : addressOf(question, words)),
          buttons,
        ],
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

function fieldsOf(question: ServerQuestion & { mode: 'form' }, timeZone: string, words: QuestionWords): WidgetNode[] {
  const fields = readFields(question.requestedSchema)
  return Array.isArray(fields) ? fields.flatMap((field, index) => fieldNodes(field, index, { timeZone, words })) : []
}

/**
 * Names the host, in both of its spellings, before the address can be opened. The person's browser
 * opens it, not this server, so an address of their own network is fine, but it is said.
 */
function addressOf({ url }: ServerQuestion & { mode: 'url' }, words: QuestionWords): WidgetNode[] {
  const { host, hostname, href, protocol } = new URL(url)
  const spoken = domainToUnicode(hostname)
  const isOther = spoken !== '' && spoken !== hostname
  const also = isOther ? ` (${fillIn(words.written, { host: toVisibleText(spoken) })})` : ''
  // The parser has escaped what could end the address.
  const link = `[${fillIn(words.open, { host })}](<${href}>)${also.replace(/[\\`*_[\]<>#|~!]/g, '\\$&')}`
  return [
    Markdown({ value: link }),
    ...(isPrivateHost(hostname) ? [Caption({ value: words.privateAddress })] : []),
    ...(protocol === 'http:' ? [Caption({ value: words.unencrypted })] : []),
  ]
}

/** True for hosts that are surely not on the public internet, as far as the name alone says. */
function isPrivateHost(hostname: string): boolean {
  const ip = hostname.replace(/^\[|\]$/g, '')
  if (isIP(ip) > 0) return !isPublicAddress(ip)
  return !hostname.includes('.') || /\.(localhost|local|internal|lan|home\.arpa)$/.test(hostname)
}
