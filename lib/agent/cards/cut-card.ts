import type { Cut } from '#lib/agent/models/openai/repair/answer-repair.ts'
import type { Notice } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem, WidgetRoot } from '#lib/chatkit/protocol/items.ts'
import { action } from '#lib/chatkit/server/widgets/actions.ts'
import { Button, Caption, Card, Row } from '#lib/chatkit/server/widgets/components.ts'

/** The action of Continue: asks for the rest of an answer that was cut off. */
export const CONTINUE = 'answer.continue'

const KEY = 'cut'

const WORDS: Record<Cut, { message: string; continues: boolean }> = {
  length: {
    message: 'It reached the maximum length of an answer. Press Continue for the rest.',
    continues: true,
  },
  filter: {
    message: 'A content filter of the model’s provider stopped it here. Try to rephrase your question.',
    continues: false,
  },
  error: { message: 'The server of the model ended it early. Press Continue for the rest.', continues: true },
  malformed_call: {
    message:
      'The model called a tool in a way that cannot be read, so nothing was called. Press Continue to let it try again.',
    continues: true,
  },
}

/** The notice that a person gets when an answer was cut off while they look at it. */
export function cutNotice(cut: Cut): Notice {
  return { type: 'notice', level: 'warning', title: 'The answer was cut off', message: WORDS[cut].message }
}

/** The card that stays below an answer that was cut off. */
export function cutCard(cut: Cut): WidgetRoot {
  const button = Button({ label: 'Continue', style: 'primary', onClickAction: action(CONTINUE) })
  return Card({
    key: KEY,
    size: 'sm',
    children: [
      Caption({ value: 'This answer was cut off before its end.' }),
      ...(WORDS[cut].continues ? [Row({ children: [button] })] : []),
    ],
  })
}

/** True for the card below an answer that was cut off. */
export function isCutCard(item: ThreadItem): boolean {
  return item.type === 'widget' && item.widget.key === KEY
}
