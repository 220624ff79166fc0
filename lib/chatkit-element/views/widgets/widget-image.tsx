import { useContext } from 'preact/hooks'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { isAllowedImage, isSameOrigin } from '#lib/chatkit-element/markdown/links.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'
import { toText, WidgetContext } from '#lib/chatkit-element/views/widgets/widget-context.ts'
import { toBoxStyle } from '#lib/chatkit-element/views/widgets/widget-style.ts'

/** An image from an address that the thread allows; otherwise its alternative text. */
export function WidgetImage({ node }: { node: WidgetNode }) {
  const { imageDomains } = useContext(WidgetContext)
  const { strings } = useUi()
  const src = toText(node.src) ?? ''
  const alt = toText(node.alt) ?? ''
  if (!isAllowedImage(src, imageDomains) && !isSameOrigin(src))
    return <span class="blocked-image">{strings.blockedImage(alt)}</span>
  return (
    <img
      class={`w-image ${node.frame === true ? 'is-framed' : ''} ${node.flush === true ? 'is-flush' : ''}`}
      src={src}
      alt={alt}
      style={{
        ...toBoxStyle(node),
        objectFit: toText(node.fit) ?? 'cover',
        objectPosition: toText(node.position) ?? 'center',
      }}
    />
  )
}
