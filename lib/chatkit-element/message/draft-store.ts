import type { Attachment } from '@openai/chatkit'
import type { Tag } from '#lib/chatkit-element/message/mentions.ts'
import type { Sending } from '#lib/chatkit-element/message/sending.ts'

/** The number of drafts per person on a device; the oldest are dropped first. */
const MAX_DRAFTS = 50
/**
 * How long (ms) attachments of a draft are offered: the server deletes unsent files after a day.
 */
const FILES_MS = 23 * 3_600_000

/** A draft as it is stored; it contains only files that the server has. */
export type KeptDraft = { text: string; tags: readonly Tag[]; attachments: readonly Attachment[]; quotedText: string }
type Kept = { ownerId: string; drafts: Record<string, KeptDraft & { at: number }>; unsent?: readonly Sending[] }

/**
 * The drafts of one person on this device, in one localStorage entry that the page names, and
 * deletes when the person signs out. The constructor deletes another person's drafts. If the
 * browser refuses storage, nothing is kept.
 */
export class DraftStore {
  readonly #key: string
  readonly #ownerId: string

  constructor(key: string, ownerId: string) {
    this.#key = key
    this.#ownerId = ownerId
    if (this.#read() === null) this.#write({ ownerId, drafts: {} })
  }

  /** The draft of a thread, or of the new chat (`''`). */
  find(thread: string): KeptDraft | null {
    const draft = this.#read()?.drafts[thread]
    if (!draft) return null
    const { at, attachments, ...rest } = draft
    return { ...rest, attachments: Date.now() - at < FILES_MS ? attachments : [] }
  }

  /**
   * Stores a draft, or deletes an empty one. Does nothing once the person has signed out in any
   * tab.
   */
  keep(thread: string, draft: KeptDraft): void {
    const kept = this.#read()
    if (!kept) return
    const { [thread]: _, ...others } = kept.drafts
    const isEmpty = !draft.text.trim() && draft.attachments.length === 0 && !draft.quotedText
    if (isEmpty && !kept.drafts[thread]) return
    const newest = Object.entries(others)
      .sort(([, a], [, b]) => b.at - a.at)
      .slice(0, MAX_DRAFTS - 1)
    const changed = isEmpty ? {} : { [thread]: { ...draft, at: Date.now() } }
    // If there is no room for all drafts, keep the one that is being written.
    if (!this.#write({ ...kept, drafts: { ...Object.fromEntries(newest), ...changed } }))
      this.#write({ ...kept, drafts: changed })
  }

  /** The messages that the server has not confirmed. */
  unsent(): readonly Sending[] {
    return this.#read()?.unsent ?? []
  }

  /**
   * Stores all of this tab's unconfirmed messages (`added`) and drops `gone`; messages of other
   * tabs are kept. The browser's storage is their limit: false if it does not hold them.
   */
  keepUnsent(added: readonly Sending[], gone: readonly string[]): boolean {
    const kept = this.#read()
    if (!kept) return added.length === 0
    const known = new Set([...gone, ...added.map(({ id }) => id)])
    const others = (kept.unsent ?? []).filter(({ id }) => !known.has(id))
    if (others.length + added.length + (kept.unsent?.length ?? 0) === 0) return true
    return this.#write({ ...kept, unsent: [...others, ...added] })
  }

  /** Null if there is no entry of this person. */
  #read(): Kept | null {
    try {
      const kept = JSON.parse(localStorage.getItem(this.#key) ?? 'null') as Kept | null
      return kept?.ownerId === this.#ownerId && typeof kept.drafts === 'object' ? kept : null
    } catch {
      return null
    }
  }

  /**
   * False if there is no room or storage is refused; the draft then lives only as long as the page.
   */
  #write(kept: Kept): boolean {
    try {
      localStorage.setItem(this.#key, JSON.stringify(kept))
      return true
    } catch {
      return false
    }
  }
}
