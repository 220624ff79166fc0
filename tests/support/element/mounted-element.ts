import type { ChatKitEvents, ChatKitOptions, OpenAIChatKit } from '@openai/chatkit'

// Runs in the page.

type Request = { to: string; type: string; params: Record<string, unknown>; language: string }

const EVENTS: (keyof ChatKitEvents)[] = [
  'chatkit.ready',
  'chatkit.error',
  'chatkit.effect',
  'chatkit.deeplink',
  'chatkit.response.start',
  'chatkit.response.end',
  'chatkit.history.open',
  'chatkit.history.close',
  'chatkit.thread.change',
  'chatkit.thread.load.start',
  'chatkit.thread.load.end',
  'chatkit.tool.change',
  'chatkit.log',
]
/** How long (ms) something that is expected may take on a busy machine. */
const PATIENCE_MS = 20_000
const FRAME_MS = 16
const SERVER = '/chatkit'

const requests: Request[] = []

/** From now on, knows what the elements of this page ask of their servers. */
export function noteRequests(): void {
  const send = window.fetch
  window.fetch = (input, init) => {
    note(String(input), init)
    return send(input, init)
  }
}

function note(to: string, init: RequestInit | undefined): void {
  const body = typeof init?.body === 'string' ? JSON.parse(init.body) : {}
  requests.push({ to, ...body, language: new Headers(init?.headers).get('accept-language') ?? '' })
}

let mounted = 0

/** One element on the page, with what a person and the page can do with it and see of it. */
export class MountedElement implements Disposable {
  readonly element = document.createElement('openai-chatkit') as OpenAIChatKit
  /** What the page's own functions were called with. */
  readonly notes: unknown[]
  /** Why the options were refused; null if they were not. */
  refusal: string | null = null
  readonly #heard: { name: string; detail: unknown }[] = []
  readonly #url = `${SERVER}#${++mounted}`

  constructor(notes: unknown[] = []) {
    this.notes = notes
    for (const name of EVENTS)
      this.element.addEventListener(name, (event) => void this.#heard.push({ name, detail: event.detail }))
  }

  /** Puts the element on the page, and waits until it is ready or has refused its options. */
  async open(options: Partial<ChatKitOptions>): Promise<void> {
    this.element.style.cssText = 'position: fixed; inset: 0; width: 900px; height: 700px'
    document.body.append(this.element)
    try {
      this.element.setOptions({ ...options, api: this.#withOwnUrl(options.api) })
    } catch (error) {
      this.refusal = String(error)
      return
    }
    await until(() => this.element.dataset.loaded === 'true' && this.$('textarea, .banner') !== null)
    if (options.initialThread) await until(() => this.heard('chatkit.thread.load.end').length > 0)
  }

  $(selector: string): HTMLElement | null {
    return this.element.shadowRoot?.querySelector<HTMLElement>(selector) ?? null
  }

  texts(selector: string): string[] {
    return [...(this.element.shadowRoot?.querySelectorAll(selector) ?? [])].map((one) => one.textContent?.trim() ?? '')
  }

  /** The names of the buttons that match, as a screen reader says them. */
  labels(selector = 'button'): string[] {
    return [...(this.element.shadowRoot?.querySelectorAll(selector) ?? [])].map(
      (one) => one.getAttribute('aria-label') ?? one.textContent ?? '',
    )
  }

  style(selector: string, property: string): string {
    const found = this.$(selector)
    return found ? getComputedStyle(found).getPropertyValue(property) : ''
  }

  /** The drawing of an icon. */
  drawing(selector: string): string {
    return this.$(`${selector} svg`)?.innerHTML ?? ''
  }

  /** The details of the events of a name, in order. */
  heard<K extends keyof ChatKitEvents>(name: K): ChatKitEvents[K]['detail'][] {
    return this.#heard.flatMap((one) => (one.name === name ? [one.detail as ChatKitEvents[K]['detail']] : []))
  }

  /** The server's address with a fragment, by which the element's requests are told apart. */
  #withOwnUrl(api: Partial<ChatKitOptions>['api']): ChatKitOptions['api'] {
    if (!api) return { url: this.#url, domainKey: 'any' }
    return 'url' in api && api.url === SERVER ? { ...api, url: this.#url } : api
  }

  /** What this element asked of its server. */
  sent(type?: string): Request[] {
    return requests.filter((one) => one.to === this.#url && (type === undefined || one.type === type))
  }

  async find(selector: string): Promise<HTMLElement> {
    await until(() => this.$(selector) !== null)
    return this.$(selector) as HTMLElement
  }

  async click(selector: string): Promise<void> {
    ;(await this.find(selector)).click()
  }

  /** Writes into the composer, as a keyboard does. */
  async type(text: string): Promise<void> {
    const field = (await this.find('textarea')) as HTMLTextAreaElement
    field.focus()
    field.value = text
    field.setSelectionRange(text.length, text.length)
    field.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }))
    await nextFrame()
  }

  /** Sends what is in the composer, and waits for the end of the answer. */
  async submit(): Promise<void> {
    const ends = this.heard('chatkit.response.end').length
    const button = (await this.find('button.send')) as HTMLButtonElement
    await until(() => !button.disabled)
    button.click()
    await until(() => this.heard('chatkit.response.end').length > ends)
  }

  async say(text: string): Promise<void> {
    await this.type(text)
    await this.submit()
  }

  [Symbol.dispose](): void {
    this.element.remove()
  }
}

/** The names of the fonts that the page has been given, with one of their properties. */
export function listFonts(property: Exclude<keyof FontFace, 'load' | 'loaded'>): string[] {
  return [...document.fonts].map((font) => `${font.family.replaceAll('"', '')} ${font[property]}`)
}

/** The addresses that were asked with `fetch`. */
export function listAddresses(): string[] {
  return requests.map(({ to }) => to)
}

function nextFrame(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, FRAME_MS))
}

/** Waits until something is true, but not for ever. Returns false if it never was. */
export async function until(isTrue: () => boolean): Promise<boolean> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await nextFrame()) if (isTrue()) return true
  return isTrue()
}
