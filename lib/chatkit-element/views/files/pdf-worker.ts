// Draws the pages of a PDF in a worker without a DOM and, by the policy it is served with, without a
// network. It is built into a file of its own and loaded when a PDF is first opened.
import { getDocument, type PDFDocumentProxy } from 'unpdf/pdfjs'
import type { PdfAnswer, PdfRequest } from '#lib/chatkit-element/views/files/pdf-messages.ts'

/** The most pixels of a page that is drawn, and the most text (characters) that is read of it. */
const PIXELS_MAX = 12_000_000
const TEXT_MAX_CHARS = 20_000

/** Makes the canvases that PDF.js draws parts of a page on. */
class Canvases {
  create(width: number, height: number) {
    const canvas = new OffscreenCanvas(width, height)
    return { canvas, context: canvas.getContext('2d') }
  }
  reset({ canvas }: { canvas: OffscreenCanvas }, width: number, height: number) {
    Object.assign(canvas, { width, height })
  }
  destroy({ canvas }: { canvas: OffscreenCanvas }) {
    Object.assign(canvas, { width: 0, height: 0 })
  }
}

/** Filters are elements of a page, and a worker has none. */
class NoFilters {
  addFilter = () => 'none'
  addHCMFilter = this.addFilter
  addAlphaFilter = this.addFilter
  addLuminosityFilter = this.addFilter
  addHighlightHCMFilter = this.addFilter
  addKnockoutFilter = this.addFilter
  destroy() {}
}

// PDF.js listens to this scope, too, and sends messages of its own. Ours go through a port.
addEventListener('message', ({ data, ports: [port] }: MessageEvent<ArrayBuffer>) => {
  if (port && data instanceof ArrayBuffer) void serve(port, data)
})

async function serve(port: MessagePort, data: ArrayBuffer): Promise<void> {
  const answer = (message: PdfAnswer, transfer: Transferable[] = []) => port.postMessage(message, transfer)
  try {
    const pdf = await getDocument({
      data,
      CanvasFactory: Canvases,
      FilterFactory: NoFilters,
      // Letters are drawn as paths, because a worker cannot load their fonts.
      disableFontFace: true,
      useSystemFonts: true,
      useWorkerFetch: false,
      verbosity: 0,
    }).promise
    const { width, height } = (await pdf.getPage(1)).getViewport({ scale: 1 })
    port.onmessage = ({ data: request }: MessageEvent<PdfRequest>) => void draw(pdf, request, answer)
    answer({ type: 'opened', pages: pdf.numPages, ratio: width / height })
  } catch {
    answer({ type: 'failed' })
  }
}

async function draw(
  pdf: PDFDocumentProxy,
  { page: number, width: wanted }: PdfRequest,
  answer: (message: PdfAnswer, transfer?: Transferable[]) => void,
): Promise<void> {
  try {
    const page = await pdf.getPage(number)
    const { width, height } = page.getViewport({ scale: 1 })
    const viewport = page.getViewport({ scale: Math.min(wanted / width, Math.sqrt(PIXELS_MAX / (width * height))) })
    const canvas = new OffscreenCanvas(Math.ceil(viewport.width), Math.ceil(viewport.height))
    // Its type knows only canvases of a page.
    await page.render({ canvas: canvas as never, viewport }).promise
    const { items } = await page.getTextContent()
    const text = items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('')
    const bitmap = canvas.transferToImageBitmap()
    answer({ type: 'drawn', page: number, bitmap, text: text.slice(0, TEXT_MAX_CHARS) }, [bitmap])
    page.cleanup()
  } catch {
    answer({ type: 'broken', page: number })
  }
}
