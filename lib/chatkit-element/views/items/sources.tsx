import type { CitedSource } from '#lib/chatkit-element/markdown/citations.ts'
import { isSafeLink } from '#lib/chatkit-element/markdown/links.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { EntityPill } from '#lib/chatkit-element/views/items/entity-pill.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

const ICONS = { url: 'globe', file: 'document', entity: 'book-open' } as const

/** The sources behind the footnotes, collapsed under the message. */
export function Sources({ citations }: { citations: readonly CitedSource[] }) {
  const { strings } = useUi()
  return (
    <details part="sources" class="sources">
      <summary>
        {strings.sources(citations.length)}
        <Icon name="chevron-down" size={14} />
      </summary>
      <ol>
        {citations.map(({ number, source }) => (
          <li key={number} value={number}>
            <SourceLink source={source} />
          </li>
        ))}
      </ol>
    </details>
  )
}

/** One source: its origin, its title, and a link if the URL is safe. */
export function SourceLink({ source }: { source: CitedSource['source'] }) {
  const detail =
    source.type === 'url'
      ? (source.attribution ?? hostOf(source.url))
      : source.type === 'file'
        ? source.filename
        : source.label
  const body = (
    <>
      <Icon name={ICONS[source.type]} size={15} />
      <span class="source-title" dir="auto">
        {source.title}
      </span>
      {detail && detail !== source.title && <span class="source-detail">{detail}</span>}
    </>
  )
  if (source.type === 'entity' && source.interactive)
    return <EntityPill entity={{ ...source, data: source.data as Record<string, string> }} />
  if (source.type !== 'url' || !isSafeLink(source.url)) return <span class="source">{body}</span>
  return (
    <a class="source" href={source.url} target="_blank" rel="noopener noreferrer">
      {body}
    </a>
  )
}

function hostOf(url: string): string {
  try {
    return new URL(url).hostname.replace(/^www\./, '')
  } catch {
    return ''
  }
}
