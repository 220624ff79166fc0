// Runs in the sandboxed frame of draw-diagram.ts, behind the library: draws one diagram and answers
// with its SVG. The frame has no origin, and its policy allows no request and no second script.

type Library = {
  initialize(options: object): void
  render(id: string, source: string): Promise<{ svg: string }>
}
declare const mermaid: Library

const SVG = 'http://www.w3.org/2000/svg'

/**
 * The page's policy forbids style elements and style attributes, also here. The library's rules become
 * a constructed sheet, and its attributes declarations of the element; the SVG gets its rules back.
 */
function obeyPolicy(): () => string {
  let rules = ''
  const createElement = document.createElement.bind(document)
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    if (name.toLowerCase() !== 'style') return createElement(name, options)
    const stand = document.createElementNS(SVG, 'metadata')
    Object.defineProperty(stand, 'innerHTML', {
      set(css: string) {
        rules = css
        const sheet = new CSSStyleSheet()
        sheet.replaceSync(css)
        document.adoptedStyleSheets = [sheet]
      },
    })
    return stand
  }) as typeof document.createElement
  const { setAttribute } = Element.prototype
  Element.prototype.setAttribute = function (this: Element, name: string, value: string) {
    if (name.toLowerCase() === 'style') (this as HTMLElement).style.cssText = value
    else setAttribute.call(this, name, value)
  }
  return () => rules
}

const readRules = obeyPolicy()

addEventListener('message', async ({ data, ports: [port] }) => {
  const { source, isDark, font } = data as { source: string; isDark: boolean; font: string }
  try {
    mermaid.initialize({
      startOnLoad: false,
      // The library's own sanitiser parses the drawing again, which the page's policy complains about. Nothing
      // needs it: in this frame nothing can be reached, and in a picture nothing runs.
      securityLevel: 'loose',
      theme: isDark ? 'dark' : 'default',
      fontFamily: font,
      htmlLabels: false,
      flowchart: { htmlLabels: false },
      class: { htmlLabels: false },
      maxTextSize: 50_000,
      maxEdges: 500,
      suppressErrorRendering: true,
    })
    const { svg } = await mermaid.render('diagram', source)
    port?.postMessage({ svg: withRules(svg, readRules()) })
  } catch (error) {
    port?.postMessage({ error: String(error) })
  }
})

/** The drawing as a file of its own, with the library's rules. */
function withRules(svg: string, rules: string): string {
  const end = svg.indexOf('>') + 1
  if (!svg.startsWith('<svg') || end === 0) throw new Error('Nothing was drawn.')
  const escaped = rules.replace(/[<&]/g, (character) => `&#${character.charCodeAt(0)};`)
  // A picture without a size of its own would become as wide as the text, however small the drawing is.
  const [, width, height] = /viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"/.exec(svg.slice(0, end)) ?? []
  const opening = svg.slice(0, end).replace(/ (?:width|height)="[^"]*"/g, '')
  const size = width && height ? ` width="${width}" height="${height}"` : ''
  return `${opening.slice(0, -1)}${size}><style>${escaped}</style>${svg.slice(end)}`
}

// The page that made the frame waits for this. It names no origin: the frame does not know its page's.
parent.postMessage('ready', '*')
