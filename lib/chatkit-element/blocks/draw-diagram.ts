import type { Tools } from '#lib/chatkit-element/blocks/tools.ts'

/** How long (ms) a diagram may take, with the loading of the library. */
const PATIENCE_MS = 20_000
/** How long (ms) after the frame's page its script may say that it is there. */
const LATENESS_MS = 2_000
/** The longest source and the largest drawing (characters). */
const SOURCE_MAX = 50_000
const SVG_MAX = 3_000_000

type Answer = { svg?: string; error?: string }
type Wish = { source: string; isDark: boolean; font: string }

/**
 * Draws a Mermaid diagram in a frame of its own and returns it as the address of a picture: nothing
 * in a picture runs or loads anything. The frame has an opaque origin (no cookies, no storage, no
 * page around it) and a policy without any request; it is removed when it has answered. Throws if
 * the source is not a diagram, or the frame cannot be loaded.
 */
export async function drawDiagram(wish: Wish, { findPartUrl, nonce }: Tools): Promise<string> {
  if (wish.source.length > SOURCE_MAX) throw new Error('The source of the diagram is too long.')
  const frame = document.createElement('iframe')
  frame.setAttribute('sandbox', 'allow-scripts')
  frame.setAttribute('aria-hidden', 'true')
  frame.tabIndex = -1
  frame.referrerPolicy = 'no-referrer'
  Object.assign(frame.style, { position: 'fixed', width: '1200px', height: '900px', left: '-9999px', border: '0' })
  frame.srcdoc = makeFrame(findPartUrl('diagram.js'), nonce)
  document.body.append(frame)
  try {
    const { svg, error } = await ask(frame, wish)
    if (!svg || svg.length > SVG_MAX) throw new Error(error ?? 'The diagram is too large.')
    return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
  } finally {
    frame.remove()
  }
}

/** The page of the frame. Its policy comes on top of the one of the page around it. */
function makeFrame(script: string, nonce: string): string {
  const allowed = nonce ? `'nonce-${nonce}'` : new URL(script).origin
  const policy = `default-src 'none'; script-src ${allowed}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'`
  return [
    '<!doctype html><html><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}"></head>`,
    `<body><script src="${script}"${nonce ? ` nonce="${nonce}"` : ''}></script></body></html>`,
  ].join('')
}

function ask(frame: HTMLIFrameElement, wish: Wish): Promise<Answer> {
  const { port1, port2 } = new MessageChannel()
  const stop = new AbortController()
  return new Promise<Answer>((resolve) => {
    const failAfter = (ms: number, error: string) => {
      const timer = setTimeout(() => resolve({ error }), ms)
      stop.signal.addEventListener('abort', () => clearTimeout(timer))
    }
    failAfter(PATIENCE_MS, 'The diagram took too long.')
    port1.onmessage = ({ data }) => resolve((data ?? {}) as Answer)
    let isReady = false
    const onMessage = ({ source }: MessageEvent) => {
      if (source !== frame.contentWindow || isReady) return
      isReady = true
      // An opaque origin has no name, so the message names none. Only this frame gets the port.
      frame.contentWindow?.postMessage(wish, '*', [port2])
    }
    addEventListener('message', onMessage, { signal: stop.signal })
    frame.onload = () => isReady || failAfter(LATENESS_MS, 'The script of the frame could not be loaded.')
  }).finally(() => {
    stop.abort()
    port1.close()
  })
}
