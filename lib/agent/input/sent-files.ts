import { makeAttachmentReader } from '#lib/agent/input/attachment-reader.ts'
import type { CountTokens } from '#lib/agent/input/count-tokens.ts'
import { findKeptResource } from '#lib/agent/input/message-offers.ts'
import { fitHistory, type InputGroup } from '#lib/agent/input/to-model-input.ts'
import type { Attachment, ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { markRefused } from '#lib/data/attachments/attachments.ts'
import { log } from '#lib/platform/log.ts'

/** The pictures and PDFs of one request to a model, in case the model refuses one of them. */
export class SentFiles {
  readonly #caller: { userId: string }
  readonly #sent = new Set<string>()
  #items: readonly ThreadItem[] = []

  constructor(caller: { userId: string }) {
    this.#caller = caller
  }

  /** The newest items of a thread that fit into `maxTokens`, with the caller's files. */
  fit(items: ThreadItem[], { maxTokens, count }: { maxTokens: number; count?: CountTokens }): Promise<InputGroup[]> {
    this.#items = items
    const readAttachment = makeAttachmentReader(this.#caller, ({ id }) => this.#sent.add(id))
    return fitHistory(items, { maxTokens, readAttachment, ...(count && { count }) })
  }

  /**
   * Excludes the files of the newest message that had any from every later request, because the
   * model has accepted older files before. Resolves to a sentence for the person; null if the
   * request had no files, or if the refusal could not be stored.
   */
  async leaveOut(): Promise<string | null> {
    const messages = this.#items.map((item) => listFiles(item).filter(({ id }) => this.#sent.has(id)))
    const refused = messages.findLast((files) => files.length > 0)
    if (!refused) return null
    const ids = refused.map(({ id }) => id)
    try {
      await markRefused(this.#caller, ids)
    } catch (error) {
      log.warn({ error, attachment_ids: ids }, 'files that the model refused could not be left out')
      return null
    }
    const names = refused.map(({ name }) => `“${name}”`).join(', ')
    return refused.length === 1
      ? `The model refused the file ${names}. It is left out from now on: try again without it, or attach it in another format.`
      : `The model refused a file of ${names}. They are left out from now on: try again without them, or attach them one by one.`
  }
}

/** The files that an item brings: those of a message, or that of a resource attached to one. */
function listFiles(item: ThreadItem): Attachment[] {
  if (item.type === 'user_message') return item.attachments
  const file = findKeptResource(item)?.file
  return file ? [file] : []
}
