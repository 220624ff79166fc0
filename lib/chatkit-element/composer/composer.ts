import type { Attachment, Entity, UserMessageContent as PublicContent } from '@openai/chatkit'
import {
  changeFile,
  type Draft,
  type DraftFile,
  EMPTY_DRAFT,
  toDraftFile,
} from '#lib/chatkit-element/composer/draft.ts'
import { ThreadDrafts } from '#lib/chatkit-element/composer/thread-drafts.ts'
import type { Host } from '#lib/chatkit-element/host.ts'
import {
  listMentionedTags,
  listTags,
  type Tag,
  toContent,
  toTag,
  toWrittenText,
} from '#lib/chatkit-element/message/mentions.ts'
import { Signal } from '#lib/chatkit-element/signal.ts'

export type ComposerState = Draft & {
  toolId: string | null
  modelId: string | null
  /** Why files or a message were refused, as sentences. */
  refusal: string
  /** The long text that was pasted last, which may become a file while the message has it. */
  pasted: string
}

const NEW_CHAT = ''
/** A draft is stored after this time (ms) without a change, and when the page is left. */
const KEEP_MS = 250

/** A message that was not sent. */
type Returned = { content: readonly PublicContent[]; attachments?: readonly Attachment[]; quotedText?: string }

/** The draft being written, and what is chosen beside it. Each thread has its own draft. */
export class Composer {
  readonly state = new Signal<ComposerState>({ ...EMPTY_DRAFT, toolId: null, modelId: null, refusal: '', pasted: '' })
  /** Focuses the input; set by the view that renders it. */
  focus: () => void = () => undefined
  /**
   * `cursor` is the position in the text; `write` sets the text and the cursor. Both are set by the
   * view.
   */
  cursor: () => number = () => this.state.value.text.length
  write: (text: string, cursor: number) => void = (text) => this.state.patch({ text })
  readonly #drafts: ThreadDrafts
  #thread = NEW_CHAT
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
    this.#drafts = new ThreadDrafts(host)
    this.state.subscribe(() => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.keep(), KEEP_MS)
    })
  }

  /** Shows the draft of the new chat that an earlier page stored. */
  begin(): void {
    if (this.isEmpty) this.state.patch(this.#drafts.find(NEW_CHAT))
  }

  /** Stores the draft whenever the page is left. Returns an unsubscribe function. */
  watch(): () => void {
    addEventListener('pagehide', this.keep)
    return () => removeEventListener('pagehide', this.keep)
  }

  /** Stores the draft now, so that it outlives the page. */
  readonly keep = (): void => {
    clearTimeout(this.#timer)
    this.#drafts.store(this.#thread, this.state.value)
  }

  get isEmpty(): boolean {
    const { text, files } = this.state.value
    return !text.trim() && !files.length
  }

  /** True if there is a message to send: it has text or files, and every file is uploaded. */
  get isReady(): boolean {
    return !this.isEmpty && this.state.value.files.every(({ status }) => status === 'done')
  }

  /** True if a file without an upload prevents sending. */
  get hasFailedFile(): boolean {
    return this.state.value.files.some(({ status }) => status === 'failed' || status === 'refused')
  }

  /** True if every file that prevents sending was refused for good. */
  get hasOnlyRefusedFiles(): boolean {
    return this.hasFailedFile && this.state.value.files.every(({ status }) => status !== 'failed')
  }

  switchTo(threadId: string | null): void {
    clearTimeout(this.#timer)
    this.#drafts.put(this.#thread, this.state.value)
    this.#thread = threadId ?? NEW_CHAT
    this.state.patch({ ...this.#drafts.find(this.#thread), refusal: '' })
  }

  /** Deletes the draft of a thread that no longer exists. */
  forget(threadId: string): void {
    this.#drafts.delete(threadId)
    if (threadId === this.#thread) this.state.patch(EMPTY_DRAFT)
  }

  /** The new chat has become a thread: its draft moves to the thread. */
  adopt(threadId: string): void {
    if (this.#thread !== NEW_CHAT) return
    this.#drafts.store(NEW_CHAT, EMPTY_DRAFT)
    this.#thread = threadId
    this.keep()
  }

  /** Puts an unsent message back, before the text that was written meanwhile. */
  restore({ content, attachments = [], quotedText = '' }: Returned, threadId: string | null): void {
    const thread = threadId ?? NEW_CHAT
    const draft = thread === this.#thread ? this.state.value : this.#drafts.find(thread)
    const restored: Draft = {
      text: [toWrittenText(content), draft.text].filter((text) => text.trim()).join('\n\n'),
      tags: [...listTags(content), ...draft.tags],
      files: [...attachments.map(toDraftFile), ...draft.files],
      quotedText: quotedText || draft.quotedText,
    }
    if (thread === this.#thread) this.state.patch(restored)
    else this.#drafts.put(thread, restored)
  }

  /** Replaces the draft's files by attachments that the server already has. */
  setAttachments(attachments: readonly Attachment[]): void {
    this.state.patch({ files: attachments.map(toDraftFile) })
  }

  /** Updates the state of a file in every draft that contains it. */
  changeFile(key: string, change: Partial<DraftFile>): void {
    this.#drafts.changeFile(key, change)
    const { files } = this.state.value
    if (files.some((file) => file.key === key)) this.state.patch({ files: changeFile(files, key, change) })
  }

  setContent(content: readonly PublicContent[]): void {
    this.state.patch({ text: toWrittenText(content), tags: listTags(content) })
  }

  /** Replaces a range of the text; the cursor ends up behind the new text. */
  replace(from: number, to: number, by: string): void {
    const { text } = this.state.value
    this.write(text.slice(0, from) + by + text.slice(to), from + by.length)
  }

  /** Inserts words at the cursor, separated by spaces from the text around them. */
  insert(words: string): void {
    const { text } = this.state.value
    const at = this.cursor()
    const before = at > 0 && !/\s$/.test(text.slice(0, at)) ? ' ' : ''
    const after = at < text.length && !/^\s/.test(text.slice(at)) ? ' ' : ''
    this.replace(at, at, before + words + after)
  }

  /** Replaces the typed search text by a tag. */
  mention(tag: Tag, from: number, to: number): void {
    const { tags } = this.state.value
    this.state.patch({ tags: [...tags.filter(({ id }) => id !== tag.id), tag] })
    this.replace(from, to, `@${tag.text} `)
  }

  /** Mentions an entity at the cursor, and has the person write on. */
  attach(entity: Entity): void {
    const { text } = this.state.value
    const at = Math.min(this.cursor(), text.length)
    const isApart = at === 0 || /\s$/.test(text.slice(0, at))
    if (!isApart) this.replace(at, at, ' ')
    const place = isApart ? at : at + 1
    this.mention(toTag(entity), place, place)
    this.focus()
  }

  /** The tags that the text mentions. */
  get mentions(): Tag[] {
    return listMentionedTags(this.state.value.text, this.state.value.tags)
  }

  /**
   * Takes the message out to be sent. The draft is empty afterwards, and a tool that is not
   * persistent is deselected.
   */
  take(): { content: PublicContent[]; attachments: Attachment[]; quotedText: string; toolId: string | null } {
    const { text, tags, files, quotedText, toolId } = this.state.value
    const content = toContent(text, tags)
    const attachments = files.flatMap(({ attachment, preview }) => (attachment ? withPreview(attachment, preview) : []))
    this.state.patch({ ...EMPTY_DRAFT, refusal: '' })
    const tool = this.#host.options().composer?.tools?.find(({ id }) => id === toolId)
    if (tool && !tool.persistent) this.chooseTool(null)
    return { content, attachments, quotedText, toolId }
  }

  chooseTool(toolId: string | null): void {
    if (toolId === this.state.value.toolId) return
    this.state.patch({ toolId })
    this.#host.emit('chatkit.tool.change', { toolId })
  }

  /** The selected model: the chosen one, else the default, else the first. */
  modelId(): string | null {
    const models = this.#host.options().composer?.models?.filter(({ disabled }) => !disabled) ?? []
    const { modelId } = this.state.value
    return (models.find(({ id }) => id === modelId) ?? models.find((model) => model.default) ?? models[0])?.id ?? null
  }
}

/** Until the server confirms the message, its images are shown from the local preview. */
function withPreview(attachment: Attachment, preview: string | undefined): Attachment {
  return attachment.type === 'image' && preview ? { ...attachment, preview_url: preview } : attachment
}
