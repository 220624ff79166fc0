import { findPartUrl } from '#lib/chatkit-element/load-part.ts'
import type { PdfAnswer, PdfRequest } from '#lib/chatkit-element/views/files/pdf-messages.ts'

/** How long (ms) the worker may take to open a PDF, or to draw a page. */
const PATIENCE_MS = 20_000

export type DrawnPage = { bitmap: ImageBitmap; text: string }
export type OpenPdf = {
  pages: number
  ratio: number
  /** Draws a page, one at a time; null if that fails. */
  draw: (request: PdfRequest) => Promise<DrawnPage | null>
}

/**
 * Opens a PDF in a worker of its own, which has no DOM and no network, until `signal` aborts. What
 * the worker says is checked, because a hostile PDF may have taken it over. Throws if the PDF cannot
 * be opened.
 */
export async function openPdf(url: string, signal: AbortSignal): Promise<OpenPdf> {
  const response = await fetch(url, { signal })
  if (!response.ok) throw new Error(`The file was answered with ${response.status}.`)
  const bytes = await response.arrayBuffer()
  signal.throwIfAborted()
  const worker = new Worker(findPartUrl('pdf-worker.js'))
  const { port1: port, port2 } = new MessageChannel()
  signal.addEventListener('abort', () => {
    worker.terminate()
    port.close()
  })
  const ask = (send: () => void) => {
    const answer = Promise.withResolvers<PdfAnswer>()
    port.onmessage = ({ data }: MessageEvent<PdfAnswer>) => answer.resolve(data)
    worker.onerror = () => answer.reject(new Error('The viewer of PDF files could not be loaded.'))
    // A worker that is busy for so long would stay busy.
    const late = setTimeout(() => {
      worker.terminate()
      answer.reject(new Error('The PDF takes too long.'))
    }, PATIENCE_MS)
    send()
    return answer.promise.finally(() => clearTimeout(late))
  }
  const opened = await ask(() => worker.postMessage(bytes, [bytes, port2]))
  if (opened?.type !== 'opened' || !(opened.pages > 0) || !(opened.ratio > 0)) throw new Error('The PDF is damaged.')
  let last: Promise<unknown> = Promise.resolve()
  const draw = async (request: PdfRequest): Promise<DrawnPage | null> => {
    const drawn = await ask(() => port.postMessage(request)).catch(() => null)
    if (drawn?.type !== 'drawn' || !(drawn.bitmap instanceof ImageBitmap)) return null
    return { bitmap: drawn.bitmap, text: String(drawn.text) }
  }
  return {
    ...{ pages: Math.floor(opened.pages), ratio: opened.ratio },
    draw: (request) => {
      const next = last.then(() => (signal.aborted ? null : draw(request)))
      last = next
      return next
    },
  }
}
