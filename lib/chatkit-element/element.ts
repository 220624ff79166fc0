import type { ChatKitEvents, ChatKitOptions, OpenAIChatKit } from '@openai/chatkit'
import { h, render } from 'preact'
import { Chat } from '#lib/chatkit-element/chat.ts'
import type { Host } from '#lib/chatkit-element/host.ts'
import { Language } from '#lib/chatkit-element/language/language.ts'
import { resolveLocale } from '#lib/chatkit-element/language/locale.ts'
import { loadMarkdown } from '#lib/chatkit-element/markdown-part.ts'
import { DraftStore } from '#lib/chatkit-element/message/draft-store.ts'
import { Ready } from '#lib/chatkit-element/ready.ts'
import { Signal } from '#lib/chatkit-element/signal.ts'
import { makeStyleSheet } from '#lib/chatkit-element/styles/sheet.ts'
import { toTheme } from '#lib/chatkit-element/styles/theme.ts'
import { App } from '#lib/chatkit-element/views/app.tsx'

type SendParams = Parameters<OpenAIChatKit['sendUserMessage']>[0]
type ComposerParams = Parameters<OpenAIChatKit['setComposerValue']>[0]

// On a server there is no HTMLElement to extend, and nothing is registered.
const Base = globalThis.HTMLElement ?? (Object as unknown as typeof HTMLElement)

/**
 * The `<openai-chatkit>` element: the API of `@openai/chatkit`'s types on top of one Chat
 * (protocol section 3).
 */
export class ChatKitElement extends Base {
  readonly #options = new Signal<ChatKitOptions | null>(null)
  readonly #mount = document.createElement('div')
  readonly #chat: Chat
  readonly #language = new Language((error) =>
    this.#emit('chatkit.log', { name: 'locale.unavailable', data: { message: String(error) } }),
  )
  readonly #ready: Ready
  /**
   * Events from before the element is ready. They wait for listeners that a framework adds only
   * after its first paint.
   */
  readonly #early: CustomEvent[] = []
  #stopWatching: (() => void) | null = null
  #drafts: DraftStore | null = null

  constructor() {
    super()
    // An element that is upgraded in place may have listeners from before this class existed.
    this.#ready = new Ready(this.isConnected, () => {
      this.dataset.loaded = 'true'
      this.dispatchEvent(new CustomEvent('chatkit.ready'))
      for (const event of this.#early.splice(0)) this.dispatchEvent(event)
    })
    const root = this.attachShadow({ mode: 'open' })
    root.adoptedStyleSheets = [makeStyleSheet()]
    this.#mount.className = 'mount'
    root.append(this.#mount)
    const host: Host = {
      options: () => this.#needOptions(),
      strings: () => this.#language.strings,
      locale: () => resolveLocale(this.#options.value?.locale),
      drafts: () => this.#drafts,
      emit: (name, ...[detail]) => this.#emit(name, detail),
    }
    this.#chat = new Chat(host)
    this.#language.state.subscribe(() => this.#draw())
  }

  connectedCallback(): void {
    this.#stopWatching ??= this.#chat.watch()
    this.#draw()
  }

  /**
   * Closes the element only if it stays away: a move within the page disconnects and connects it in
   * one task.
   */
  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (this.isConnected) return
      this.#stopWatching?.()
      this.#stopWatching = null
      this.#chat.close()
      render(null, this.#mount)
    })
  }

  /**
   * Replaces all options. The first call opens `initialThread`; setting the same options again
   * changes nothing. Throws an Error if the options cannot be used.
   */
  setOptions(options: ChatKitOptions): void {
    const problem = problemWith(options)
    if (problem) {
      const error = new Error(problem)
      this.#emit('chatkit.error', { error })
      throw error
    }
    const first = this.#options.value === null
    this.#options.set(options)
    this.#language.choose(options.locale)
    this.dataset.colorScheme = toTheme(options.theme).colorScheme ?? 'inherit'
    this.#draw()
    if (!first) return
    loadMarkdown((error) => this.#emit('chatkit.log', { name: 'part.unavailable', data: { message: String(error) } }))
    const { draftsKey, draftsOwner } = this.dataset
    if (draftsKey && draftsOwner) this.#drafts = new DraftStore(draftsKey, draftsOwner)
    this.#chat.begin()
    if (options.initialThread) void this.#chat.open(options.initialThread)
    this.#ready.begin()
  }

  async focusComposer(): Promise<void> {
    this.#chat.composer.focus()
  }

  async setThreadId(threadId: string | null): Promise<void> {
    this.#needOptions()
    if (threadId !== this.#chat.threadId) await this.#chat.open(threadId)
  }

  async sendUserMessage(params: SendParams): Promise<void> {
    this.#needOptions()
    if (params.newThread) await this.#chat.open(null)
    await this.#chat.send({
      content: params.content ?? [{ type: 'input_text', text: params.text ?? '' }],
      attachments: (params.attachments ?? []) as never,
      ...(params.reply && { quotedText: params.reply }),
      inference: {
        ...(params.toolChoice && { tool_choice: params.toolChoice }),
        ...(params.model && { model: params.model }),
      },
    })
  }

  async setComposerValue(params: ComposerParams): Promise<void> {
    const { composer } = this.#chat
    if (params.content) composer.setContent(params.content)
    else if (params.text !== undefined) composer.setContent([{ type: 'input_text', text: params.text }])
    if (params.reply !== undefined) composer.state.patch({ quotedText: params.reply })
    if (params.attachments) composer.setAttachments(params.attachments)
    if (params.files) this.#chat.files.add(params.files)
    if (params.selectedModelId !== undefined) composer.state.patch({ modelId: params.selectedModelId })
    if (params.selectedToolId !== undefined) composer.chooseTool(params.selectedToolId)
  }

  async fetchUpdates(): Promise<void> {
    this.#needOptions()
    await this.#chat.refresh()
  }

  async sendCustomAction(action: { type: string; payload?: Record<string, unknown> }, itemId?: string): Promise<void> {
    this.#needOptions()
    await this.#chat.actions.act(action, itemId ? { id: itemId } : null)
  }

  async showHistory(): Promise<void> {
    this.#needOptions()
    this.#chat.history.show()
  }

  async hideHistory(): Promise<void> {
    this.#chat.history.hide()
  }

  /**
   * `chatkit.ready` is sticky: the first listener that is added after the element is ready still
   * gets the event, once.
   */
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    if (!listener) return
    super.addEventListener(type, listener, options)
    if (type === 'chatkit.ready') this.#ready.listen(listener, typeof options === 'object' ? options.signal : undefined)
  }

  #draw(): void {
    const speaks = this.#language.state.value
    if (this.isConnected && this.#options.value && speaks)
      render(
        h(App, {
          ...{ chat: this.#chat, options: this.#options, callsUrl: this.dataset.callsUrl ?? null },
          filesUrl: this.dataset.filesUrl ?? null,
          ...{ rightActionLabel: this.dataset.rightActionLabel ?? null, shareLabel: this.dataset.shareLabel ?? null },
          ...{ withVersions: this.dataset.versions === 'on', withWaiting: this.dataset.waiting === 'on' },
          ...{ withPins: this.dataset.pins === 'on', ...speaks },
        }),
        this.#mount,
      )
  }

  #needOptions(): ChatKitOptions {
    if (!this.#options.value) throw new Error('Call setOptions first.')
    return this.#options.value
  }

  #emit<K extends keyof ChatKitEvents>(name: K, detail: unknown): void {
    const event = new CustomEvent(name, { detail })
    if (this.#ready.isOver) this.dispatchEvent(event)
    else this.#early.push(event)
  }
}

/** Why these options cannot be used, as a sentence for the page's developer; null if they can. */
function problemWith(options: ChatKitOptions): string | null {
  if (!options || typeof options !== 'object' || !options.api) return 'setOptions needs an object with api.url.'
  if (!('url' in options.api))
    return 'This element talks to your own server: set api.url. api.getClientSecret is not supported.'
  if (options.composer?.attachments?.enabled && !options.api.uploadStrategy)
    return 'composer.attachments needs api.uploadStrategy.'
  return null
}
