import { useMemo } from 'preact/hooks'
import type { AssistantContent, AssistantMessageItem } from '#lib/chatkit/protocol/items.ts'
import { listCitedSources } from '#lib/chatkit-element/markdown/citations.ts'
import { Markdown } from '#lib/chatkit-element/views/items/markdown.tsx'
import { Sources } from '#lib/chatkit-element/views/items/sources.tsx'

type Props = { item: AssistantMessageItem; isOpen: boolean; imageDomains: readonly string[] }

/** An assistant message with its footnotes. */
export function AssistantMessage({ item, isOpen, imageDomains }: Props) {
  return (
    <div part="message" class="message">
      {item.content.map((part, at) => (
        <Part key={at} part={part} growing={isOpen && at === item.content.length - 1} imageDomains={imageDomains} />
      ))}
    </div>
  )
}

function Part({
  part,
  growing,
  imageDomains,
}: {
  part: AssistantContent
  growing: boolean
  imageDomains: readonly string[]
}) {
  const citations = useMemo(() => listCitedSources(part.annotations ?? []), [part.annotations])
  return (
    <>
      <Markdown text={part.text} growing={growing} imageDomains={imageDomains} citations={citations} />
      {!growing && citations.length > 0 && <Sources citations={citations} />}
    </>
  )
}
