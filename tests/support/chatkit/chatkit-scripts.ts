import { readFileSync } from 'node:fs'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { WidgetItem, WidgetRoot } from '#lib/chatkit/protocol/items.ts'
import { CustomStreamError, StreamError } from '#lib/chatkit/server/stream-errors.ts'
import type { Act, Respond, Turn } from '#lib/chatkit/server/turn.ts'
import { streamWidget } from '#lib/chatkit/server/widgets/stream-widget.ts'

// Answers that the Python server in tests/support/chatkit/chatkit_server.py plays as well. The
// person's text names the script.

type Step = {
  event?: ThreadStreamEvent
  /** Replies with what reached the handler. */
  received?: true
  /** The states of a streamed widget. */
  widget?: WidgetRoot[]
  /** What the widget becomes after its action. */
  sender?: WidgetRoot
  /** Changes to the thread. */
  thread?: Partial<Turn['thread']>
  raise?: 'custom' | 'stream' | 'bug'
  message?: string
}

const SCRIPTS: Record<string, Step[]> = JSON.parse(
  readFileSync(new URL('./chatkit-scripts.json', import.meta.url), 'utf8'),
)

export const respond: Respond<TurnContext> = (turn) => {
  const { thread, input } = turn
  if (!input) return play('after', turn, 'nothing')
  const name = input.content.map(({ text }) => text).join('')
  const { tool_choice, model } = input.inference_options
  const files = input.attachments
    .map((file) => `${file.name} ${file.thread_id === thread.id ? 'True' : 'False'}`)
    .join(',')
  return play(name, turn, `${name}|${input.quoted_text || '-'}|${tool_choice?.id ?? '-'}|${model ?? '-'}|${files}`)
}

export const act: Act<TurnContext> = (turn) => {
  const { type, payload } = turn.action
  return play(type, turn, `${type}|${JSON.stringify(payload ?? null)}|${turn.sender?.id ?? '-'}`, turn.sender)
}

async function* play(
  name: string,
  { thread, store }: Pick<Turn, 'thread' | 'store'>,
  message: string,
  sender: WidgetItem | null = null,
): AsyncGenerator<ThreadStreamEvent> {
  for (const step of SCRIPTS[name] ?? []) {
    if (step.event) yield JSON.parse(JSON.stringify(step.event).replaceAll('$thread', thread.id))
    if (step.received) yield { type: 'notice', level: 'info', message }
    if (step.widget) yield* streamWidget({ thread, newItemId: store.newItemId }, statesOf(step.widget), 'copied')
    if (step.sender && sender) yield { type: 'thread.item.replaced', item: { ...sender, widget: step.sender } }
    Object.assign(thread, step.thread)
    if (step.raise === 'custom') throw new CustomStreamError(step.message ?? '', true)
    if (step.raise === 'stream') throw new StreamError('as scripted')
    if (step.raise) throw new Error('as scripted')
  }
}

async function* statesOf(states: WidgetRoot[]): AsyncGenerator<WidgetRoot> {
  yield* states
}
