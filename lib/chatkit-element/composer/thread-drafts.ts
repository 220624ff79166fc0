import {
  changeFile,
  type Draft,
  type DraftFile,
  EMPTY_DRAFT,
  toDraftFile,
} from '#lib/chatkit-element/composer/draft.ts'
import type { Host } from '#lib/chatkit-element/host.ts'

/**
 * The drafts of the threads that are not on the screen, kept as long as the page lives, or longer
 * if the host has a store.
 */
export class ThreadDrafts {
  readonly #drafts = new Map<string, Draft>()
  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
  }

  find(thread: string): Draft {
    const draft = this.#drafts.get(thread)
    if (draft) return draft
    const stored = this.#host.drafts()?.find(thread)
    if (!stored) return EMPTY_DRAFT
    const { attachments, ...rest } = stored
    return { ...rest, files: attachments.map(toDraftFile) }
  }

  /** Keeps the draft of a thread that leaves the screen. */
  put(thread: string, draft: Draft): void {
    const { text, tags, files, quotedText } = draft
    this.#drafts.set(thread, { text, tags, files, quotedText })
    this.store(thread, draft)
  }

  /** Stores a draft so that it outlives the page; files that are not uploaded cannot. */
  store(thread: string, { text, tags, files, quotedText }: Draft): void {
    const attachments = files.flatMap(({ attachment }) => attachment ?? [])
    this.#host.drafts()?.keep(thread, { text, tags, attachments, quotedText })
  }

  delete(thread: string): void {
    this.#drafts.delete(thread)
    this.store(thread, EMPTY_DRAFT)
  }

  /** Updates the state of a file in every draft that contains it. */
  changeFile(key: string, change: Partial<DraftFile>): void {
    for (const [thread, draft] of this.#drafts)
      this.#drafts.set(thread, { ...draft, files: changeFile(draft.files, key, change) })
  }
}
