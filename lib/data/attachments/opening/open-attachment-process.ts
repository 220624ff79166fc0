// Opens one attached file in a separate process, where it may crash, hang or exhaust memory without
// harm. The process gets the kind (`image`, `pdf` or `office`) as its argument and the bytes on
// standard input, and answers with one line of JSON. It imports only neighbours in this folder,
// because it runs from source even in a build.
import { writeFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { Worker } from 'node:worker_threads'
import { TooMuchError } from './office-parts.ts'
import { readOffice } from './read-office.ts'

/** The result for a file; see `Opening` in open-attachment.ts. */
type Found =
  | { result: 'opened' | 'damaged' | 'locked' | 'empty' | 'too_much' }
  | { result: 'opened'; text: string; isCut: boolean }
  | { result: 'too_many_pixels' | 'too_many_pages'; limit: number }

type Kind = 'image' | 'pdf' | 'office'

/** The most memory (bytes) the process may use. A decoded picture of MAX_PIXELS fits. */
const MAX_RSS_BYTES = 700 * 1024 * 1024
const MAX_PIXELS = 100_000_000
const MAX_PAGES = 2_000
/** How many pages are checked before a PDF counts as empty. */
const LOOKED_AT = 20
/** PDF.js's names for operations that draw on a page: text, paths, pictures and shadings. */
const MARK = /ShowText$|^show|constructPath|rawFillPath|shadingFill|^paint.*(?:Image|Solid)/

watchMemory()
try {
  const bytes = await buffer(process.stdin)
  const found = await { image: openPicture, pdf: openPdf, office: openOffice }[process.argv[2] as Kind](bytes)
  process.stdout.write(`${JSON.stringify(found)}\n`)
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 1
}
process.stdout.end(() => process.exit())

/**
 * V8's heap limit does not bind native code, and a busy loop blocks timers. So a second thread
 * watches the memory, and Linux is told to kill this process first.
 */
function watchMemory(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch {
    // Only Linux has this file.
  }
  const watch = `setInterval(() => { if (process.memoryUsage.rss() > ${MAX_RSS_BYTES}) process.kill(process.pid, 'SIGKILL') }, 20)`
  new Worker(watch, { eval: true }).unref()
}

/** Decodes the whole picture, or the first frame of an animation. */
async function openPicture(bytes: Buffer): Promise<Found> {
  const { default: sharp } = await import('sharp')
  sharp.concurrency(1)
  sharp.cache(false)
  try {
    const picture = sharp(bytes, { failOn: 'error', limitInputPixels: false, sequentialRead: true, pages: 1 })
    const { width, height } = await picture.metadata()
    if (!width || !height) return { result: 'damaged' }
    if (width * height > MAX_PIXELS) return { result: 'too_many_pixels', limit: MAX_PIXELS }
    await picture.resize(8, 8, { fit: 'fill' }).raw().toBuffer()
    return { result: 'opened' }
  } catch {
    return { result: 'damaged' }
  }
}

async function openPdf(bytes: Buffer): Promise<Found> {
  const { getResolvedPDFJS } = await import('unpdf')
  const { getDocument, OPS } = await getResolvedPDFJS()
  const task = getDocument({
    data: new Uint8Array(bytes),
    useSystemFonts: false,
    verbosity: 0,
    stopAtErrors: false,
  })
  try {
    const pdf = await task.promise
    if (pdf.numPages > MAX_PAGES) return { result: 'too_many_pages', limit: MAX_PAGES }
    const marks = new Set<unknown>(
      Object.entries(OPS).flatMap(([name, operation]) => (MARK.test(name) ? [operation] : [])),
    )
    for (let number = 1; number <= Math.min(pdf.numPages, LOOKED_AT); number += 1) {
      const page = await pdf.getPage(number)
      const { fnArray } = await page.getOperatorList()
      if (fnArray.some((operation) => marks.has(operation))) return { result: 'opened' }
      page.cleanup()
    }
    return { result: pdf.numPages > LOOKED_AT ? 'opened' : 'empty' }
  } catch (error) {
    return { result: (error as Error).name === 'PasswordException' ? 'locked' : 'damaged' }
  }
}

function openOffice(bytes: Buffer): Found {
  try {
    const { text, isCut } = readOffice(bytes)
    return text === '' ? { result: 'empty' } : { result: 'opened', text, isCut }
  } catch (error) {
    return { result: error instanceof TooMuchError ? 'too_much' : 'damaged' }
  }
}
