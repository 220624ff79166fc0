/** The origin of OpenAI's own ChatKit script and its frame, used if CHATKIT_DOMAIN_KEY is set. */
export const CHATKIT_ORIGIN = 'https://cdn.platform.openai.com'

/** Headers of every response, from pages and API endpoints alike. next.config.ts sets them. */
export const STATIC_HEADERS: Record<string, string> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy':
    'camera=(), display-capture=(), geolocation=(), microphone=(self), payment=(), usb=(), serial=(), hid=(), midi=(), browsing-topics=()',
}

/**
 * Headers of the chat element's parts in `public/chatkit/`. Their names have a hash of their content, so
 * they never change. A page of another site that embeds the element may load them, as it may load its
 * script: they are the same for everybody.
 */
export const PART_HEADERS: Record<string, string> = {
  'cache-control': 'public, max-age=31536000, immutable',
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
}

/**
 * The policy of endpoints that never return a page of ours: nothing in their response may run or be
 * framed. lib/platform/http/http.ts sets it.
 */
export const INERT_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

/**
 * The policy of the worker that draws PDF files: it may load nothing and talk to nobody, whatever a
 * file makes of it. next.config.ts sets it.
 */
export const WORKER_POLICY = "default-src 'none'; sandbox"

const YEAR_SECONDS = 31_536_000

type PageOptions = {
  /** Random for each response, base64. Inline script and style elements run only with it. */
  nonce: string
  appUrl: string
  /** True if the page loads OpenAI's script. */
  hostedChatKit: boolean
  /**
   * True under `next dev`, where React uses eval for its error stacks and the error overlay uses
   * inline styles. Production does neither.
   */
  development: boolean
}

/**
 * The Content-Security-Policy of a page. Scripts and styles need the nonce or our own origin, and
 * there is no 'unsafe-inline' in production. The hosted ChatKit adds its one origin.
 */
export function makeContentSecurityPolicy({ nonce, appUrl, hostedChatKit, development }: PageOptions): string {
  const hosted = hostedChatKit ? [CHATKIT_ORIGIN] : []
  const directives: Record<string, string[]> = {
    'default-src': ["'none'"],
    'script-src': [
      "'self'",
      `'nonce-${nonce}'`,
      "'strict-dynamic'",
      ...hosted,
      ...(development ? ["'unsafe-eval'"] : []),
    ],
    'style-src': ["'self'", development ? "'unsafe-inline'" : `'nonce-${nonce}'`],
    'img-src': ["'self'", 'data:', 'blob:'],
    'font-src': ["'self'"],
    'connect-src': ["'self'", ...hosted],
    'media-src': ["'self'", 'blob:'],
    'manifest-src': ["'self'"],
    'worker-src': ["'self'"],
    'frame-src': hosted.length > 0 ? hosted : ["'none'"],
    'object-src': ["'none'"],
    'base-uri': ["'none'"],
    'form-action': ["'self'"],
    'frame-ancestors': ["'none'"],
    ...(appUrl.startsWith('https:') && { 'upgrade-insecure-requests': [] }),
  }
  return Object.entries(directives)
    .map(([name, sources]) => [name, ...sources].join(' '))
    .join('; ')
}

/**
 * The headers of a page besides the static ones: its policy and, on https,
 * Strict-Transport-Security.
 */
export function makePageHeaders(options: PageOptions): Record<string, string> {
  return {
    'content-security-policy': makeContentSecurityPolicy(options),
    ...(options.appUrl.startsWith('https:') && { 'strict-transport-security': `max-age=${YEAR_SECONDS}` }),
  }
}
