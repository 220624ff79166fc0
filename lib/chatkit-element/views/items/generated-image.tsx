import type { GeneratedImageItem } from '#lib/chatkit/protocol/items.ts'
import { isAllowedImage, isSameOrigin } from '#lib/chatkit-element/markdown/links.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

type Props = {
  item: GeneratedImageItem
  isOpen: boolean
  progress: number | undefined
  imageDomains: readonly string[]
}

/** An image that the assistant generates, from the first preview to the final version. */
export function GeneratedImage({ item, isOpen, progress, imageDomains }: Props) {
  const { strings } = useUi()
  const url = item.image?.url
  const allowed = url && (isAllowedImage(url, imageDomains) || isSameOrigin(url))
  if (url && !allowed) return <p class="blocked-image">{strings.blockedImage(strings.generatedImage)}</p>
  return (
    <figure class={`generated-image ${isOpen ? 'is-open' : ''}`}>
      {url ? (
        <button
          type="button"
          class="md-picture"
          data-open-picture=""
          aria-label={strings.openPicture(strings.generatedImage)}
          disabled={isOpen}
        >
          <img src={url} alt={strings.generatedImage} />
        </button>
      ) : (
        <div class="generated-image-empty shimmer-block" />
      )}
      {isOpen && (
        <progress aria-label={strings.generatingImage} max={1} {...(progress !== undefined && { value: progress })}>
          {strings.generatingImage}
        </progress>
      )}
    </figure>
  )
}
