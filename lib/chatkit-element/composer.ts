import type { Attachment, UserMessageContent as PublicContent } from '@openai/chatkit'
import type { Host } from '#lib/chatkit-element/host.ts'
import { Signal } from '#lib/chatkit-element/signal.ts'

type Tag = Extract<PublicContent, { type: 'input_tag' }>

export type Draft = { text: string; tags: readonly Tag[]; attachments: readonly Attachment[]; quotedText: string }
export type ComposerState = Draft & { toolId: string | null; modelId: string | null }

const EMPTY: Draft = { text: '', tags: [], attachments: [], quotedText: '' }
const NEW_CHAT = ''

/** What is being written. Each thread keeps its own draft as long as the page lives. */
export class Composer {
  readonly state = new Signal<ComposerState>({ ...EMPTY, toolId: null, modelId: null })
  /** Moves the focus into the input; set by the view that draws it. */
  focus: () => void = () => undefined
  readonly #drafts = new Map<string, Draft>()
  #thread = NEW_CHAT
  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
  }

  get isEmpty(): boolean {
    const { text, tags, attachments } = this.state.value
    return !text.trim() && !tags.length && !attachments.length
  }

  switchTo(threadId: string | null): void {
    const { text, tags, attachments, quotedText } = this.state.value
    this.#drafts.set(this.#thread, { text, tags, attachments, quotedText })
    this.#thread = threadId ?? NEW_CHAT
    this.state.patch(this.#drafts.get(this.#thread) ?? EMPTY)
  }

  /** The new chat has become a thread: what is being written goes with it. */
  adopt(threadId: string): void {
    if (this.#thread === NEW_CHAT) this.#thread = threadId
  }

  /** Puts a message that was not sent back, unless something else has been written meanwhile. */
  restore(content: readonly PublicContent[], threadId: string | null): void {
    if (this.isEmpty && this.#thread === (threadId ?? NEW_CHAT)) this.setContent(content)
  }

  setContent(content: readonly PublicContent[]): void {
    const text = content.map((part) => (part.type === 'input_text' ? part.text : '')).join('')
    this.state.patch({ text, tags: content.filter((part): part is Tag => part.type === 'input_tag') })
  }

  /** The message as it goes out; the draft is empty afterwards, and so is a tool that is chosen for one message only. */
  take(): { content: PublicContent[]; attachments: Attachment[]; quotedText: string; toolId: string | null } {
    const { text, tags, attachments, quotedText, toolId } = this.state.value
    const content: PublicContent[] = [...tags, ...(text.trim() ? [{ type: 'input_text' as const, text: text.trim() }] : [])]
    this.state.patch(EMPTY)
    const tool = this.#host.options().composer?.tools?.find(({ id }) => id === toolId)
    if (tool && !tool.persistent) this.chooseTool(null)
    return { content, attachments: [...attachments], quotedText, toolId }
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
