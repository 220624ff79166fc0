import { useEffect, useRef, useState } from 'preact/hooks'
import { type DrawnPage, type OpenPdf, openPdf } from '#lib/chatkit-element/views/files/open-pdf.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** How many pages have a place in the view. The rest is in the saved file. */
const PAGES_MAX = 500

/** The pages of a PDF, each drawn when it comes near. `onFailed` is called if there are none. */
export function PdfPages({ url, onFailed }: { url: string; onFailed: () => void }) {
  const { strings } = useUi()
  const [pdf, setPdf] = useState<OpenPdf | null>(null)
  useEffect(() => {
    const stop = new AbortController()
    openPdf(url, stop.signal).then(setPdf, () => stop.signal.aborted || onFailed())
    return () => stop.abort()
  }, [url, onFailed])
  if (!pdf) return <p role="status">{strings.loading}</p>
  const shown = Math.min(pdf.pages, PAGES_MAX)
  return (
    <>
      {Array.from({ length: shown }, (_, at) => (
        <PdfPage key={at} pdf={pdf} page={at + 1} />
      ))}
      {shown < pdf.pages && <p>{strings.fileIsCut}</p>}
    </>
  )
}

function PdfPage({ pdf, page }: { pdf: OpenPdf; page: number }) {
  const { strings } = useUi()
  const place = useRef<HTMLDivElement>(null)
  const [isNear, setNear] = useState(false)
  const [drawn, setDrawn] = useState<DrawnPage | null | undefined>()
  useEffect(() => {
    // Pages that are far away give their memory back.
    const watch = new IntersectionObserver(([entry]) => setNear(entry?.isIntersecting ?? false), { rootMargin: '100%' })
    if (place.current) watch.observe(place.current)
    return () => watch.disconnect()
  }, [])
  useEffect(() => {
    if (!isNear) return setDrawn(undefined)
    let isLeft = false
    const width = Math.ceil((place.current?.clientWidth ?? 0) * devicePixelRatio)
    void pdf.draw({ page, width: Math.max(width, 1) }).then((result) => isLeft || setDrawn(result))
    return () => {
      isLeft = true
    }
  }, [isNear, pdf, page])
  const draw = (canvas: HTMLCanvasElement | null) => {
    if (!canvas || !drawn || canvas.width === drawn.bitmap.width) return
    canvas.width = drawn.bitmap.width
    canvas.height = drawn.bitmap.height
    canvas.getContext('2d')?.drawImage(drawn.bitmap, 0, 0)
  }
  const label = strings.pageOf(page, pdf.pages)
  const ratio = drawn ? drawn.bitmap.width / drawn.bitmap.height : pdf.ratio
  return (
    <section ref={place} class="pdf-page" aria-label={label} style={{ aspectRatio: String(ratio) }}>
      {drawn && <canvas ref={draw} role="img" aria-label={label} />}
      {drawn && <p class="sr-only">{drawn.text}</p>}
      {drawn === null && <p>{strings.fileNotShown}</p>}
    </section>
  )
}
