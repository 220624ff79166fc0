import type { CustomApiConfig } from '@openai/chatkit'
import type { Api } from '#lib/chatkit/client/api.ts'
import { ApiError, ConnectionError } from '#lib/chatkit/client/api-errors.ts'
import { newRequestId } from '#lib/chatkit/client/request-id.ts'
import type { Attachment } from '#lib/chatkit/protocol/items.ts'
import { type AttachmentOption, findRefusal, type Refusal } from '#lib/chatkit-element/composer/attachment-rules.ts'
import type { Composer } from '#lib/chatkit-element/composer/composer.ts'
import type { DraftFile } from '#lib/chatkit-element/composer/draft.ts'
import { makeThumbnail } from '#lib/chatkit-element/composer/thumbnail.ts'
import type { Host } from '#lib/chatkit-element/host.ts'
import { toFileSize } from '#lib/chatkit-element/language/time.ts'
import { isPassing } from '#lib/chatkit-element/transport/refusal-notice.ts'
import { toError } from '#lib/chatkit-element/transport/to-error.ts'
import { upload } from '#lib/chatkit-element/transport/upload.ts'

/** Uploads at a time; the chat's own requests need connections too. */
const PARALLEL = 3
/** A pasted text of so many characters may become a file, of this name. */
const LONG_CHARS = 2_000
const PASTED = 'pasted-text'

/** The files of the draft: checks, uploads, retries and removes them. */
export class DraftFiles {
  /** Opens the browser's file picker; set by the view that has it. */
  pick: () => void = () => undefined
  readonly #composer: Composer
  readonly #api: Api
  readonly #host: Host
  readonly #under = new Map<string, { file: File; stop: AbortController; id: string | null }>()
  /**
   * The ids of attachments that this composer uploaded, and may therefore delete from the server.
   */
  readonly #uploaded = new Set<string>()
  readonly #waiting: string[] = []
  #running = 0

  constructor(composer: Composer, api: Api, host: Host) {
    this.#composer = composer
    this.#api = api
    this.#host = host
  }

  /** The page's rules for attachments; null if it takes none. */
  get option(): AttachmentOption | null {
    const option = this.#host.options().composer?.attachments
    return option?.enabled ? option : null
  }

  /**
   * Adds files to the draft and starts their uploads. The composer shows why files were refused.
   */
  add(files: readonly File[]): void {
    const { option } = this
    if (!option || !files.length) return
    const refused: string[] = []
    const taken: DraftFile[] = []
    for (const file of files) {
      const refusal = findRefusal(file, this.#composer.state.value.files.length + taken.length, option)
      if (refusal) refused.push(this.#sentence(file.name, refusal))
      else taken.push(this.#take(file))
    }
    const { files: before } = this.#composer.state.value
    this.#composer.state.patch({ files: [...before, ...taken], refusal: [...new Set(refused)].join(' ') })
    for (const { key } of taken) this.#begin(key)
  }

  /** Notes a text that is being pasted, if it is long enough for a file. */
  notePaste(text: string): void {
    if (this.option && text.length >= LONG_CHARS) this.#composer.state.patch({ pasted: text.replace(/\r\n?/g, '\n') })
  }

  /** True if the message has a long pasted text that may become a file. */
  get canAttachPasted(): boolean {
    const { pasted, text } = this.#composer.state.value
    return pasted !== '' && this.option !== null && text.includes(pasted)
  }

  /** Moves the pasted text out of the message into a file, unless the file is refused. */
  attachPasted(): void {
    const { pasted, text, files } = this.#composer.state.value
    const at = text.indexOf(pasted)
    const others = files.filter(({ name }) => name.startsWith(PASTED)).length
    this.add([new File([pasted], `${PASTED}${others > 0 ? `-${others + 1}` : ''}.txt`, { type: 'text/plain' })])
    if (at >= 0 && this.#composer.state.value.files.length > files.length)
      this.#composer.replace(at, at + pasted.length, '')
  }

  retry(key: string): void {
    const entry = this.#under.get(key)
    if (!entry) return
    this.#discard(entry.id)
    entry.stop = new AbortController()
    entry.id = null
    this.#composer.changeFile(key, { status: 'uploading', part: null, error: '' })
    this.#composer.state.patch({ refusal: '' })
    this.#begin(key)
  }

  /** Tries every upload again that failed. */
  retryAll(): void {
    for (const { key, status } of this.#composer.state.value.files) if (status === 'failed') this.retry(key)
  }

  /** Removes a file from the draft, and from the server if it was uploaded here. */
  remove(key: string): void {
    const { files } = this.#composer.state.value
    const id = files.find((file) => file.key === key)?.attachment?.id
    this.#composer.state.patch({ files: files.filter((file) => file.key !== key), refusal: '' })
    const entry = this.#under.get(key)
    this.#under.delete(key)
    entry?.stop.abort()
    this.#discard(entry?.id ?? (id && this.#uploaded.has(id) ? id : null))
  }

  /** Ends every upload. */
  close(): void {
    for (const { stop } of this.#under.values()) stop.abort()
  }

  #take(file: File): DraftFile {
    const key = newRequestId()
    this.#under.set(key, { file, stop: new AbortController(), id: null })
    void makeThumbnail(file).then((preview) => preview && this.#composer.changeFile(key, { preview }))
    return {
      key,
      name: file.name,
      size: file.size,
      isImage: file.type.startsWith('image/'),
      status: 'uploading',
      part: null,
      error: '',
    }
  }

  #begin(key: string): void {
    this.#waiting.push(key)
    void this.#next()
  }

  async #next(): Promise<void> {
    if (this.#running >= PARALLEL) return
    const key = this.#waiting.shift()
    const entry = key === undefined ? undefined : this.#under.get(key)
    if (key === undefined) return
    if (!entry) return this.#next()
    const { signal } = entry.stop
    this.#running += 1
    try {
      const attachment: Attachment = await upload(entry.file, this.#api, this.#host.options().api as CustomApiConfig, {
        signal,
        onProgress: (part) => this.#composer.changeFile(key, { part }),
        onId: (id) => {
          entry.id = id
          if (signal.aborted) this.#discard(id)
        },
      })
      if (signal.aborted) return
      this.#under.delete(key)
      this.#uploaded.add(attachment.id)
      this.#composer.changeFile(key, { status: 'done', attachment })
    } catch (error) {
      const status = error instanceof ApiError && !isPassing(error) ? 'refused' : 'failed'
      if (!signal.aborted) this.#composer.changeFile(key, { status, error: this.#reason(error) })
    } finally {
      this.#running -= 1
      void this.#next()
    }
  }

  #reason(error: unknown): string {
    if (error instanceof ApiError && error.message) return error.message
    if (error instanceof ConnectionError) return this.#host.strings().uploadLost
    this.#host.emit('chatkit.error', { error: toError(error) })
    return this.#host.strings().uploadFailed
  }

  /**
   * Deletes an unsent file on the server. If that fails, the server's own cleanup removes the file
   * later.
   */
  #discard(id: string | null): void {
    if (!id) return
    this.#api.query('attachments.delete', { attachment_id: id }).catch((error: unknown) => {
      this.#host.emit('chatkit.log', { name: 'attachment.delete.failed', data: { message: String(error) } })
    })
  }

  #sentence(name: string, refusal: Refusal): string {
    const strings = this.#host.strings()
    switch (refusal.reason) {
      case 'count':
        return strings.tooManyFiles(refusal.limit)
      case 'size':
        return strings.fileTooLarge(name, toFileSize(refusal.limit, this.#host.locale()))
      case 'empty':
        return strings.fileEmpty(name)
      default:
        return strings.fileTypeRefused(name)
    }
  }
}
