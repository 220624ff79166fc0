import type { Attachment, UserMessageContent as PublicContent } from '@openai/chatkit'
import type { Host } from '#lib/chatkit-element/host.ts'
import type { KeptDraft } from '#lib/chatkit-element/message/draft-store.ts'
import {
  listMentionedTags,
  listTags,
  type Tag,
  toContent,
  toWrittenText,
} from '#lib/chatkit-element/message/mentions.ts'
import { Signal } from '#lib/chatkit-element/signal.ts'

/**
 * A file of the draft. A `refused` one would be refused again; a `failed` one may succeed. `part` is the fraction of its bytes that has been sent (0 to 1), null if
 * unknown; `preview` is a small `data:` image.
 */
export type DraftFile = {
  key: string
  name: string
  size: number | null
  isImage: boolean
  status: 'uploading' | 'failed' | 'refused' | 'done'
  part: number | null
  error: string
  preview?: string
  attachment?: Attachment
}

/** `tags` are those that were mentioned; a tag counts only while its name is in the text. */
export type Draft = { text: string; tags: readonly Tag[]; files: readonly DraftFile[]; quotedText: string }
export type ComposerState = Draft & {
  toolId: string | null
  modelId: string | null
  /** Why files or a message were refused, as sentences. */
  refusal: string
}

const EMPTY: Draft = { text: '', tags: [], files: [], quotedText: '' }
const EMPTY_KEPT: KeptDraft = { text: '', tags: [], attachments: [], quotedText: '' }
const NEW_CHAT = ''
/** A draft is stored after this time (ms) without a change, and when the page is left. */
const KEEP_MS = 250

/** A message that was not sent. */
type Returned = { content: readonly PublicContent[]; attachments?: readonly Attachment[]; quotedText?: string }

/**
 * The draft being written. Each thread has its own draft, kept as long as the page lives, or longer
 * if the host has a store.
 */
export class Composer {
  readonly state = new Signal<ComposerState>({ ...EMPTY, toolId: null, modelId: null, refusal: '' })
  /** Focuses the input; set by the view that renders it. */
  focus: () => void = () => undefined
  /**
   * `cursor` is the position in the text; `write` sets the text and the cursor. Both are set by the
   * view.
   */
  cursor: () => number = () => this.state.value.text.length
  write: (text: string, cursor: number) => void = (text) => this.state.patch({ text })
  readonly #drafts = new Map<string, Draft>()
  #thread = NEW_CHAT
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
    this.state.subscribe(() => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.keep(), KEEP_MS)
    })
  }

  /** Shows the draft of the new chat that an earlier page stored. */
  begin(): void {
    if (this.isEmpty) this.state.patch(this.#draftOf(NEW_CHAT))
    addEventListener('pagehide', this.keep)
  }

  /** Stores the draft now, so that it outlives the page. */
  readonly keep = (): void => {
    clearTimeout(this.#timer)
    this.#keep(this.#thread, this.state.value)
  }

  /** Stores the draft and stops watching the page. */
  close(): void {
    removeEventListener('pagehide', this.keep)
    this.keep()
  }

  #keep(thread: string, { text, tags, files, quotedText }: Draft): void {
    const attachments = files.flatMap(({ attachment }) => attachment ?? [])
    this.#host.drafts()?.keep(thread, { text, tags, attachments, quotedText })
  }

  #draftOf(thread: string): Draft {
    const kept = this.#drafts.get(thread)
    if (kept) return kept
    const { attachments = [], ...draft } = this.#host.drafts()?.find(thread) ?? EMPTY_KEPT
    return { ...draft, files: attachments.map(hasArrived) }
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
    const { text, tags, files, quotedText } = this.state.value
    this.#drafts.set(this.#thread, { text, tags, files, quotedText })
    this.keep()
    this.#thread = threadId ?? NEW_CHAT
    this.state.patch({ ...this.#draftOf(this.#thread), refusal: '' })
  }

  /** Deletes the draft of a thread that no longer exists. */
  forget(threadId: string): void {
    this.#drafts.delete(threadId)
    this.#keep(threadId, EMPTY)
    if (threadId === this.#thread) this.state.patch(EMPTY)
  }

  /** The new chat has become a thread: its draft moves to the thread. */
  adopt(threadId: string): void {
    if (this.#thread !== NEW_CHAT) return
    this.#keep(NEW_CHAT, EMPTY)
    this.#thread = threadId
    this.keep()
  }

  /** Puts an unsent message back, before the text that was written meanwhile. */
  restore({ content, attachments = [], quotedText = '' }: Returned, threadId: string | null): void {
    const thread = threadId ?? NEW_CHAT
    const draft = thread === this.#thread ? this.state.value : this.#draftOf(thread)
    const restored: Draft = {
      text: [toWrittenText(content), draft.text].filter((text) => text.trim()).join('\n\n'),
      tags: [...listTags(content), ...draft.tags],
      files: [...attachments.map(hasArrived), ...draft.files],
      quotedText: quotedText || draft.quotedText,
    }
    if (thread === this.#thread) this.state.patch(restored)
    else {
      this.#drafts.set(thread, restored)
      this.#keep(thread, restored)
    }
  }

  /** Replaces the draft's files by attachments that the server already has. */
  setAttachments(attachments: readonly Attachment[]): void {
    this.state.patch({ files: attachments.map(hasArrived) })
  }

  /** Updates the state of a file in every draft that contains it. */
  changeFile(key: string, change: Partial<DraftFile>): void {
    const changed = (files: readonly DraftFile[]) =>
      files.map((file) => (file.key === key ? { ...file, ...change } : file))
    for (const [thread, draft] of this.#drafts) this.#drafts.set(thread, { ...draft, files: changed(draft.files) })
    if (this.state.value.files.some((file) => file.key === key))
      this.state.patch({ files: changed(this.state.value.files) })
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
    this.state.patch({ ...EMPTY, refusal: '' })
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

function hasArrived(attachment: Attachment): DraftFile {
  const { id, name, type } = attachment
  const preview = attachment.type === 'image' ? { preview: attachment.preview_url } : {}
  return {
    key: id,
    name,
    size: null,
    isImage: type === 'image',
    status: 'done',
    part: 1,
    error: '',
    ...preview,
    attachment,
  }
}
