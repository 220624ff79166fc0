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

/** A file beside the text. `part` of its bytes (0 to 1) has been sent, null where nobody knows; `preview` is a small `data:` picture. */
export type DraftFile = {
  key: string
  name: string
  size: number | null
  isImage: boolean
  status: 'uploading' | 'failed' | 'done'
  part: number | null
  error: string
  preview?: string
  attachment?: Attachment
}

/** `tags` are those that were mentioned; they count as long as their names stand in the text. */
export type Draft = { text: string; tags: readonly Tag[]; files: readonly DraftFile[]; quotedText: string }
export type ComposerState = Draft & {
  toolId: string | null
  modelId: string | null
  /** Why files or a message were not taken, as sentences. */
  refusal: string
}

const EMPTY: Draft = { text: '', tags: [], files: [], quotedText: '' }
const EMPTY_KEPT: KeptDraft = { text: '', tags: [], attachments: [], quotedText: '' }
const NEW_CHAT = ''
/** A draft is kept when nothing has been typed for this long, and when the page goes. */
const KEEP_MS = 250

/** A message that was not sent. */
type Returned = { content: readonly PublicContent[]; attachments?: readonly Attachment[]; quotedText?: string }

/** What is being written. Each thread keeps its own draft: as long as the page lives, or longer where the host has a store. */
export class Composer {
  readonly state = new Signal<ComposerState>({ ...EMPTY, toolId: null, modelId: null, refusal: '' })
  /** Moves the focus into the input; set by the view that draws it. */
  focus: () => void = () => undefined
  /** Where the cursor is in the text, and a way to put a text with the cursor in it there; set by the view. */
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

  /** Shows the new chat's draft that an earlier page has kept. */
  begin(): void {
    if (this.isEmpty) this.state.patch(this.#draftOf(NEW_CHAT))
    addEventListener('pagehide', this.keep)
  }

  /** Keeps the draft now, for the time after this page. */
  readonly keep = (): void => {
    clearTimeout(this.#timer)
    this.#keep(this.#thread, this.state.value)
  }

  /** Ends the watching of the page. */
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

  /** Whether there is a message to send: something is written or attached, and every file has arrived. */
  get isReady(): boolean {
    return !this.isEmpty && this.state.value.files.every(({ status }) => status === 'done')
  }

  /** Whether a file that could not be uploaded stands in the way of sending. */
  get hasFailedFile(): boolean {
    return this.state.value.files.some(({ status }) => status === 'failed')
  }

  switchTo(threadId: string | null): void {
    const { text, tags, files, quotedText } = this.state.value
    this.#drafts.set(this.#thread, { text, tags, files, quotedText })
    this.keep()
    this.#thread = threadId ?? NEW_CHAT
    this.state.patch({ ...this.#draftOf(this.#thread), refusal: '' })
  }

  /** Forgets the draft of a thread that is gone. */
  forget(threadId: string): void {
    this.#drafts.delete(threadId)
    this.#keep(threadId, EMPTY)
    if (threadId === this.#thread) this.state.patch(EMPTY)
  }

  /** The new chat has become a thread: what is being written goes with it. */
  adopt(threadId: string): void {
    if (this.#thread !== NEW_CHAT) return
    this.#keep(NEW_CHAT, EMPTY)
    this.#thread = threadId
    this.keep()
  }

  /** Puts a message that was not sent back, before whatever was written meanwhile. */
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

  /** Puts files beside the text that the server has already. */
  setAttachments(attachments: readonly Attachment[]): void {
    this.state.patch({ files: attachments.map(hasArrived) })
  }

  /** Says how a file is doing, in whichever draft it is by now. */
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

  /** Replaces a stretch of the text; the cursor stands behind what is new. */
  replace(from: number, to: number, by: string): void {
    const { text } = this.state.value
    this.write(text.slice(0, from) + by + text.slice(to), from + by.length)
  }

  /** Inserts words at the cursor, apart from those around them. */
  insert(words: string): void {
    const { text } = this.state.value
    const at = this.cursor()
    const before = at > 0 && !/\s$/.test(text.slice(0, at)) ? ' ' : ''
    const after = at < text.length && !/^\s/.test(text.slice(at)) ? ' ' : ''
    this.replace(at, at, before + words + after)
  }

  /** Puts a tag in the place of what was typed to find it. */
  mention(tag: Tag, from: number, to: number): void {
    const { tags } = this.state.value
    this.state.patch({ tags: [...tags.filter(({ id }) => id !== tag.id), tag] })
    this.replace(from, to, `@${tag.text} `)
  }

  /** The tags that the text mentions. */
  get mentions(): Tag[] {
    return listMentionedTags(this.state.value.text, this.state.value.tags)
  }

  /** The message as it goes out; the draft is empty afterwards, and so is a tool that is chosen for one message only. */
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

  /** The model of the picker: the chosen one, else the one that is marked as default, else the first. */
  modelId(): string | null {
    const models = this.#host.options().composer?.models?.filter(({ disabled }) => !disabled) ?? []
    const { modelId } = this.state.value
    return (models.find(({ id }) => id === modelId) ?? models.find((model) => model.default) ?? models[0])?.id ?? null
  }
}

/** Until the server confirms the message, its pictures are shown from memory. */
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
