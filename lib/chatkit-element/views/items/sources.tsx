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
  const details = listDetails(source).filter((detail) => detail && detail !== source.title)
  const body = (
    <>
      <Icon name={ICONS[source.type]} size={15} />
      <span class="source-title" dir="auto">
        {source.title}
      </span>
      {details.map((detail) => (
        <bdi key={detail} class="source-detail">
          {detail}
        </bdi>
      ))}
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

/** A link always says its host: what it is attributed to is only said. */
function listDetails(source: CitedSource['source']): (string | null | undefined)[] {
  if (source.type === 'file') return [source.filename]
  if (source.type === 'entity') return [source.label]
  return [...new Set([source.attribution, hostOf(source.url)])]
}

function hostOf(url: string): string {
  try {
    return new URL(url).hostname.replace(/^www\./, '')
  } catch {
    return ''
  }
}
