import type { Annotation } from '#lib/chatkit/protocol/items.ts'

type Raw = {
  type?: string
  filename?: string
  index?: number
  end_index?: number
  url?: string
  title?: string
  url_citation?: Raw
}

/**
 * Converts a model's citation to a footnote; null if it names no source (protocol section 2.2).
 * Takes the forms of the Responses API and of Chat Completions (nested `url_citation`).
 */
export function toAnnotation(value: unknown): Annotation | null {
  const raw = (value ?? {}) as Raw
  switch (raw.type) {
    case 'file_citation':
      return fileAnnotation(raw.filename, raw.index)
    case 'container_file_citation':
      return fileAnnotation(raw.filename, raw.end_index)
    case 'url_citation': {
      const { url, title, end_index } = raw.url_citation ?? raw
      if (!url) return null
      return {
        type: 'annotation',
        source: { type: 'url', title: title ?? url, url },
        ...(end_index !== undefined && { index: end_index }),
      }
    }
    default:
      return null
  }
}

function fileAnnotation(filename: string | undefined, index: number | undefined): Annotation | null {
  if (!filename) return null
  return {
    type: 'annotation',
    source: { type: 'file', title: filename, filename },
    ...(index !== undefined && { index }),
  }
}
