import { canNameThreads, nameThread } from '#lib/agent/models/name-thread.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { TEMPORARY } from '#lib/chatkit/protocol/thread.ts'
import { makeTitle, toMessageText } from '#lib/chatkit/server/title.ts'
import type { Turn, TurnWatch } from '#lib/chatkit/server/turn.ts'
import { withoutRun } from '#lib/platform/db/run-fence.ts'
import { log } from '#lib/platform/log.ts'
import { runAfterResponse } from '#lib/platform/process/run-after-response.ts'

/**
 * This many characters of an answer show what a conversation is about. A shorter answer is read to
 * its end.
 */
const ENOUGH = 200

/**
 * Gives a thread without a title its first words, and later a better title from the model. The
 * better title is announced if it is ready while the answer streams; otherwise it is stored for the
 * next read. No answer waits for it.
 */
export function watchForTitle(turn: Turn, { caller, run }: TurnContext): TurnWatch | undefined {
  const { input, thread, signal } = turn
  // Nobody looks for a temporary conversation in a list.
  if (input === null || thread.title !== undefined || thread.metadata[TEMPORARY] === true) return undefined
  const firstWords = makeTitle(input)
  thread.title = firstWords
  if (!canNameThreads()) return undefined
  const naming = new Naming((answer) =>
    nameThread(
      { userId: caller.userId, threadId: thread.id, runId: run.id },
      { question: toMessageText(input), answer },
    ),
  )
  const rename = async (title: string) => {
    // A title that was set in the meantime is kept.
    if ((await storedTitle(turn)) === firstWords) thread.title = title
  }
  return {
    onEvent(event) {
      naming.hear(event)
      const title = naming.take()
      return title && thread.title === firstWords ? rename(title) : undefined
    },
    onEnd() {
      if (signal.aborted) return
      const kept = withoutRun(() => keepLate(turn, naming, firstWords))
      runAfterResponse('the naming of a conversation', () => kept)
    },
  }
}

/** Asks once for a conversation's title, as soon as enough text has arrived. */
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

  /** The title once it has arrived, returned only the first time. */
  take(): string | undefined {
    const made = this.#made
    this.#made = undefined
    return made
  }

  /** Never rejects. Resolves to undefined if there is no title, or no text to make one from. */
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

/** The text of a message that arrived whole, without deltas. */
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
