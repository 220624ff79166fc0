import { inBackground } from '#app/api/chatkit/background.ts'
import type { TurnContext } from '#app/api/chatkit/turn-context.ts'
import { canNameThreads, nameThread } from '#lib/agent/models/name-thread.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { messageText, titleFrom } from '#lib/chatkit/server/title.ts'
import type { Respond, Turn } from '#lib/chatkit/server/turn.ts'
import { withoutRun } from '#lib/platform/db/run-fence.ts'
import { log } from '#lib/platform/log.ts'

/** So much of an answer (characters) shows what a conversation is about; a shorter one is read to its end. */
const ENOUGH = 200

/**
 * A thread without a title gets one from the message that it is asked to answer, and a better one by the model: announced while
 * the answer still streams where it is ready by then, else kept for the next read. No answer waits for it.
 */
export function titled(respond: Respond<TurnContext>): Respond<TurnContext> {
  return async function* (turn, context) {
    const { input, thread, signal } = turn
    if (input === null || thread.title !== undefined) return yield* respond(turn, context)
    const firstWords = titleFrom(input)
    thread.title = firstWords
    const naming = canNameThreads()
      ? new Naming((answer) => nameThread(context.caller, { question: messageText(input), answer }))
      : null
    for await (const event of respond(turn, context)) {
      naming?.hear(event)
      const title = naming?.take()
      // Whoever gave it a name meanwhile keeps it.
      if (title && thread.title === firstWords && (await storedTitle(turn)) === firstWords) thread.title = title
      yield event
    }
    if (naming && !signal.aborted) inBackground(withoutRun(() => keepLate(turn, naming, firstWords)))
  }
}

/** One name for a conversation, asked for as soon as enough was said. */
class Naming {
  readonly #name: (answer: string) => Promise<string | undefined>
  #heard = ''
  #asked?: Promise<string | undefined>
  #made?: string

  constructor(name: (answer: string) => Promise<string | undefined>) {
    this.#name = name
  }

  hear(event: ThreadStreamEvent): void {
    this.#heard += deltaIn(event) || (this.#heard ? '' : textIn(event))
    if (this.#heard.length >= ENOUGH) void this.ask()
  }

  /** The name, once, when it is there. */
  take(): string | undefined {
    const made = this.#made
    this.#made = undefined
    return made
  }

  /** Never rejects. Resolves to undefined where there is no name, or nothing was said. */
  ask(): Promise<string | undefined> {
    this.#asked ??= this.#ask()
    return this.#asked
  }

  async #ask(): Promise<string | undefined> {
    if (!this.#heard) return undefined
    try {
      this.#made = await withoutRun(() => this.#name(this.#heard))
    } catch (error) {
      log.warn({ error }, 'a conversation keeps its first words as its name')
    }
    return this.#made
  }
}

function deltaIn(event: ThreadStreamEvent): string {
  if (event.type !== 'thread.item.updated' || event.update.type !== 'assistant_message.content_part.text_delta')
    return ''
  return event.update.delta
}

/** What was said at once, without deltas. */
function textIn(event: ThreadStreamEvent): string {
  if (event.type !== 'thread.item.done' || event.item.type !== 'assistant_message') return ''
  return event.item.content.map(({ text }) => text).join('')
}

async function storedTitle({ store, thread }: Pick<Turn, 'store' | 'thread'>): Promise<string | undefined> {
  return (await store.loadThread(thread.id)).title
}

async function keepLate({ store, thread }: Turn, naming: Naming, firstWords: string | undefined): Promise<void> {
  try {
    const title = await naming.ask()
    if (!title || thread.title !== firstWords) return
    if ((await storedTitle({ store, thread })) === firstWords) await store.changeThread(thread.id, { title })
  } catch (error) {
    log.warn({ error, thread_id: thread.id }, 'the name of a conversation was not kept')
  }
}
