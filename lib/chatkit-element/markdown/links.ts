const SAFE_LINK = /^(?:https?:\/\/|mailto:|chatkit-link:)/i
const INLINE_IMAGE = /^data:image\/(?:png|jpe?g|gif|webp|avif);base64,[a-z0-9+/=\s]+$/i

/**
 * True if a link may be followed: web, mail, or a message to the host page. Other links stay plain
 * text.
 */
export function isSafeLink(href: string): boolean {
  return SAFE_LINK.test(href.trim())
}

/**
 * What a link shows before it is followed: its host, then the title that the text gives it, which
 * may say anything.
 */
export function toLinkTitle(href: string, title: string): string {
  try {
    const { host, pathname } = new URL(href)
    const place = host || pathname
    return title === '' || title === href ? place : `${place}: ${title}`
  } catch {
    return title
  }
}

/**
 * True if an image may be loaded: inline images, and https images from domains that the thread
 * allows (`example.com`, `*.example.com`). Any other address could leak the conversation to a third
 * party.
 */
export function isAllowedImage(src: string, domains: readonly string[]): boolean {
  if (INLINE_IMAGE.test(src)) return true
  try {
    const { protocol, hostname } = new URL(src)
    return protocol === 'https:' && domains.some((domain) => matches(hostname, domain.toLowerCase()))
  } catch {
    return false
  }
}

function matches(host: string, domain: string): boolean {
  return domain.startsWith('*.') ? host.endsWith(domain.slice(1)) : host === domain
}

/** True for images that the app itself serves. */
export function isSameOrigin(url: string): boolean {
  try {
    return new URL(url, location.href).origin === location.origin
  } catch {
    return false
  }
}
