import createDOMPurify from 'dompurify'
import { isAllowedImage, isSafeLink, toLinkTitle } from '#lib/chatkit-element/markdown/links.ts'

const TAGS =
  'a b blockquote br button code del details div em h4 h5 h6 hr i img ins kbd li mark ol p pre s span strong sub summary sup table tbody td th thead tr u ul'
const ATTRIBUTES =
  'href title src alt class start align type tabindex dir open aria-label aria-pressed ' +
  'data-copy-code data-wrap-code data-draw-diagram data-copy-table data-more-rows data-open-picture data-note-ref'

let purify: ReturnType<typeof createDOMPurify> | undefined
let allowedDomains: readonly string[] = []

/**
 * Turns untrusted HTML into a safe fragment: an allowlist of tags and attributes, no styles, web
 * and mail links in a new tab without an opener that name their host, images only from allowed domains. It works in an
 * inert document, so nothing loads or runs.
 */
export function sanitise(html: string, imageDomains: readonly string[]): DocumentFragment {
  purify ??= create()
  allowedDomains = imageDomains
  return purify.sanitize(html, {
    ALLOWED_TAGS: TAGS.split(' '),
    ALLOWED_ATTR: ATTRIBUTES.split(' '),
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    // DOMPurify checks all other attributes against the URL pattern below, which these values do
    // not match.
    ADD_URI_SAFE_ATTR: ['align', 'aria-label', 'aria-pressed', 'data-note-ref', 'dir', 'start', 'tabindex', 'type'],
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|chatkit-link:|data:image\/)/i,
    RETURN_DOM_FRAGMENT: true,
  })
}

function create() {
  const instance = createDOMPurify(window)
  instance.addHook('afterSanitizeAttributes', (node) => {
    if (node.tagName === 'IMG') {
      if (!isAllowedImage(node.getAttribute('src') ?? '', allowedDomains)) return node.remove()
      node.setAttribute('loading', 'lazy')
      node.setAttribute('referrerpolicy', 'no-referrer')
    }
    if (node.tagName === 'A') {
      if (!isSafeLink(node.getAttribute('href') ?? '')) return node.removeAttribute('href')
      node.setAttribute('title', toLinkTitle(node.getAttribute('href') ?? '', node.getAttribute('title') ?? ''))
      node.setAttribute('target', '_blank')
      node.setAttribute('rel', 'noopener noreferrer')
    }
    if (node.tagName === 'BUTTON') node.setAttribute('type', 'button')
  })
  return instance
}
