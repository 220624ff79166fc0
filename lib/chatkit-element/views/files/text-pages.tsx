import { useEffect, useState } from 'preact/hooks'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** How the server answers `?text` (protocol section 1.15): the beginning, and what it is. */
type FileText = { text: string; is_cut: boolean; is_extract: boolean }

/** A text file, or what was read of a document, as plain text. `onFailed` is called if there is none. */
export function TextPages({ url, onFailed }: { url: string; onFailed: () => void }) {
  const { strings } = useUi()
  const [file, setFile] = useState<FileText | null>(null)
  useEffect(() => {
    const stop = new AbortController()
    readText(url, stop.signal).then(setFile, () => stop.signal.aborted || onFailed())
    return () => stop.abort()
  }, [url, onFailed])
  if (!file) return <p role="status">{strings.loading}</p>
  return (
    <>
      {file.is_extract && <p>{strings.fileIsExtract}</p>}
      <pre dir="auto">{file.text}</pre>
      {file.is_cut && <p>{strings.fileIsCut}</p>}
    </>
  )
}

async function readText(url: string, signal: AbortSignal): Promise<FileText> {
  const response = await fetch(`${url}?text`, { signal })
  const file = response.ok ? ((await response.json()) as FileText) : undefined
  if (typeof file?.text !== 'string') throw new Error('The file has no text.')
  return file
}
