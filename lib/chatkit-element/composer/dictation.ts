import type { Api } from '#lib/chatkit/client/api.ts'
import { ApiError, ConnectionError } from '#lib/chatkit/client/api-errors.ts'
import type { Composer } from '#lib/chatkit-element/composer/composer.ts'
import type { Host } from '#lib/chatkit-element/host.ts'
import { Signal } from '#lib/chatkit-element/signal.ts'
import { toError } from '#lib/chatkit-element/transport/to-error.ts'

/** The longest recording (ms): servers limit the size of a request. */
const LONGEST_MS = 120_000
/** How long (ms) the server may take to transcribe a recording. */
const TRANSCRIBE_MS = 90_000
/** The recording formats of browsers, best first (protocol section 1.14). */
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus']

type Phase = 'idle' | 'starting' | 'listening' | 'transcribing'

/**
 * Dictation: records speech, has the server transcribe it (`input.transcribe`), and inserts the
 * text at the cursor without sending it.
 */
export class Dictation {
  readonly phase = new Signal<Phase>('idle')
  readonly #composer: Composer
  readonly #api: Api
  readonly #host: Host
  #recorder: MediaRecorder | null = null
  #given = new AbortController()

  constructor(composer: Composer, api: Api, host: Host) {
    this.#composer = composer
    this.#api = api
    this.#host = host
  }

  /**
   * True if the page enables dictation and the browser can record, which needs a secure context.
   */
  get isOffered(): boolean {
    const wanted = this.#host.options().composer?.dictation?.enabled === true
    return wanted && typeof MediaRecorder !== 'undefined' && Boolean(navigator.mediaDevices?.getUserMedia)
  }

  /** Starts a recording, or ends the current one. */
  async toggle(): Promise<void> {
    if (this.phase.value === 'listening') this.#recorder?.stop()
    else if (this.phase.value === 'idle') await this.#listen()
  }

  /** Ends and discards the recording. */
  cancel(): void {
    this.#given.abort()
    if (this.#recorder?.state === 'recording') this.#recorder.stop()
  }

  async #listen(): Promise<void> {
    const given = new AbortController()
    this.#given = given
    this.phase.set('starting')
    this.#composer.state.patch({ refusal: '' })
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
      try {
        const recording = given.signal.aborted ? null : await this.#record(stream)
        if (!recording || given.signal.aborted) return
        this.phase.set('transcribing')
        await this.#transcribe(recording, given.signal)
      } finally {
        for (const track of stream.getTracks()) track.stop()
      }
    } catch (error) {
      if (!given.signal.aborted) this.#composer.state.patch({ refusal: this.#reason(error) })
    } finally {
      this.#recorder = null
      this.phase.set('idle')
    }
  }

  #record(stream: MediaStream): Promise<Blob> {
    return new Promise((resolve, reject) => {
      const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type))
      const recorder = new MediaRecorder(stream, mimeType ? { mimeType } : {})
      const chunks: Blob[] = []
      const longest = setTimeout(() => recorder.stop(), LONGEST_MS)
      recorder.ondataavailable = ({ data }) => chunks.push(data)
      recorder.onerror = () => reject(new Error('The browser could not record.'))
      recorder.onstop = () => {
        clearTimeout(longest)
        resolve(new Blob(chunks, { type: recorder.mimeType }))
      }
      recorder.start()
      this.#recorder = recorder
      this.phase.set('listening')
    })
  }

  async #transcribe(recording: Blob, signal: AbortSignal): Promise<void> {
    const params = { audio_base64: await base64Of(recording), mime_type: recording.type }
    const { text } = await this.#api.query<{ text: string }>('input.transcribe', params, signal, {
      timeoutMs: TRANSCRIBE_MS,
    })
    if (text.trim()) this.#composer.insert(text.trim())
    else this.#composer.state.patch({ refusal: this.#host.strings().nothingHeard })
  }

  #reason(error: unknown): string {
    const strings = this.#host.strings()
    if (error instanceof ApiError || error instanceof ConnectionError) return error.message
    if (error instanceof DOMException && error.name === 'NotAllowedError') return strings.microphoneRefused
    if (error instanceof DOMException && error.name === 'NotFoundError') return strings.noMicrophone
    this.#host.emit('chatkit.error', { error: toError(error) })
    return strings.dictationFailed
  }
}

async function base64Of(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer())
  let binary = ''
  for (let at = 0; at < bytes.length; at += 8_192) binary += String.fromCharCode(...bytes.subarray(at, at + 8_192))
  return btoa(binary)
}
