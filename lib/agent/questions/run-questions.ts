import { awaitAnswer } from '#lib/agent/questions/await-answer.ts'
import { closeQuestionCard, makeQuestionCard } from '#lib/agent/questions/question-card.ts'
import type { QuestionWords } from '#lib/agent/questions/words/english.ts'
import type { SideStep } from '#lib/agent/stream/chat-context.ts'
import type { SideEvents } from '#lib/agent/stream/side-events.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { WidgetItem } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import { endHeldQuestions, type NewQuestion, storeHeldQuestion } from '#lib/data/runs/questions/questions.ts'
import { COMPLETED } from '#lib/mcp-client/questions/askable-calls.ts'
import type { Asking, AskingCall, HeldAnswer, WaitingCall } from '#lib/mcp-client/questions/asking.ts'
import type { ServerQuestion } from '#lib/mcp-client/questions/server-question.ts'
import { env } from '#lib/platform/env.ts'
import { newId } from '#lib/platform/ids.ts'

/** What the model is told of a call while its server waits for an answer. */
const NOT_ANSWERED_YET = 'The tool asked the person a question, which is not answered yet.'

type Here = {
  run: { id: string; ownerId: string; threadId: string }
  store: Store
  steps: SideEvents<SideStep>
  timeZone: string
  /** The words of the cards, in the person's language. */
  words: QuestionWords
  /** Why an answer may not be sent any more, as a sentence. */
  findAnswerRefusal: (call: AskingCall) => Promise<string | undefined>
}

/** A call that waits for an answer, with the id of the hidden item that keeps it. */
export type ParkedCall = WaitingCall & { keptId: string }

/** The questions that servers ask during the calls of one run. */
export class RunQuestions implements Asking {
  /** The calls that wait for answers without a process. The run has to be parked with them. */
  readonly waiting: ParkedCall[] = []
  readonly #here: Here
  /** The cards of the questions for which calls are held open. */
  readonly #open = new Map<string, WidgetItem>()

  constructor(here: Here) {
    this.#here = here
  }

  async hold(call: AskingCall, question: ServerQuestion, withdrawn: AbortSignal): Promise<HeldAnswer> {
    const { run, steps, words } = this.#here
    const heldMs = env().MCP_QUESTION_TIMEOUT * 1000
    const { row, item } = makeQuestion(call, question, { ...this.#here, isHeld: true, ms: heldMs })
    await storeHeldQuestion(run, row)
    this.#open.set(row.id, item)
    steps.push((turn) => turn.showBeside({ type: 'thread.item.done', item }))
    const late = AbortSignal.timeout(heldMs)
    try {
      const { status, answer } = await awaitAnswer(row.id, run.ownerId, { signal: withdrawn, late })
      const refused = await this.#here.findAnswerRefusal(call)
      this.#show(
        row.id,
        refused === undefined ? words[status === 'pending' ? 'expired' : status] : `Not answered: ${refused}`,
      )
      return refused === undefined ? (answer ?? { action: 'cancel' }) : { refused }
    } catch (error) {
      if (!withdrawn.aborted) throw error
      const isDone = withdrawn.reason === COMPLETED
      await endHeldQuestions({ userId: run.ownerId }, [row.id], isDone ? 'accepted' : 'expired')
      this.#show(row.id, words[isDone ? 'accepted' : 'withdrawn'])
      // What a person did not decide is not told as their decision.
      if (!isDone) throw error
      return { action: 'accept' }
    }
  }

  park(call: WaitingCall): void {
    const keptId = this.#here.store.newItemId('hidden_context')
    this.waiting.push({ ...call, keptId })
    this.#here.steps.push((turn) => turn.wait(call.callId, { keptId, output: NOT_ANSWERED_YET }))
  }

  /** The question that a parked call asks first, as it is stored, and its card. */
  makeParked(call: ParkedCall, ms: number): ReturnType<typeof makeQuestion> {
    const [[, question] = []] = call.questions
    if (!question) throw new Error('a call was parked without a question')
    const { row, item } = makeQuestion(call, question, { ...this.#here, isHeld: false, ms })
    return { row: { ...row, keptId: call.keptId }, item }
  }

  note({ server, tool }: Pick<AskingCall, 'server' | 'tool'>, sentence: string): void {
    const event: ThreadStreamEvent = {
      type: 'notice',
      level: 'warning',
      title: `${tool} of ${server}`,
      message: sentence,
    }
    this.#here.steps.push((turn) => turn.showBeside(event))
  }

  /** Closes the cards that are still open, because the turn has ended early. */
  async *withdraw(): AsyncGenerator<ThreadStreamEvent> {
    const open = [...this.#open]
    this.#open.clear()
    if (open.length === 0) return
    for (const [, item] of open)
      yield { type: 'thread.item.replaced', item: toClosed(item, this.#here.words.withdrawn) }
    const ids = open.map(([id]) => id)
    await endHeldQuestions({ userId: this.#here.run.ownerId }, ids, 'expired')
  }

  #show(id: string, ending: string): void {
    const item = this.#open.get(id)
    if (!item || !this.#open.delete(id)) return
    this.#here.steps.push((turn) => turn.showBeside({ type: 'thread.item.replaced', item: toClosed(item, ending) }))
  }
}

/** A question as it is stored, and its card. It can be answered for `ms`. */
function makeQuestion(
  { rowId: toolCallId, callId, server, tool, onlyReads }: AskingCall,
  question: ServerQuestion,
  {
    run,
    store,
    timeZone,
    words,
    isHeld,
    ms,
  }: Pick<Here, 'run' | 'store' | 'timeZone' | 'words'> & { isHeld: boolean; ms: number },
): { row: NewQuestion; item: WidgetItem } {
  const id = newId('qst')
  const itemId = store.newItemId('message')
  const expiresAt = new Date(Date.now() + ms)
  const row = { id, toolCallId, callId, server, tool, itemId, onlyReads, expiresAt, asked: toAsked(question) }
  const item: WidgetItem = {
    id: itemId,
    thread_id: run.threadId,
    created_at: new Date().toISOString(),
    type: 'widget',
    widget: makeQuestionCard({ id, server, tool, question, isHeld, timeZone, words }),
  }
  return { row, item }
}

/**
 * What the ledger keeps of a question. An address may open what is its person's alone. The order of
 * the fields is kept beside them, because PostgreSQL orders the keys of a JSON object anew.
 */
function toAsked(question: ServerQuestion): object {
  const { mode, message } = question
  if (mode === 'url') return { mode, message, host: new URL(question.url).host }
  const { requestedSchema } = question
  return { mode, message, requestedSchema, order: Object.keys(requestedSchema.properties) }
}

function toClosed(item: WidgetItem, ending: string): WidgetItem {
  return { ...item, widget: closeQuestionCard(item.widget, ending) }
}
