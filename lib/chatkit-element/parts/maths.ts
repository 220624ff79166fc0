import temml from 'temml'
import temmlSheet from 'temml/dist/Temml-Local.css'
import type { Maths } from '#lib/chatkit-element/blocks/tools.ts'
import sheet from '#lib/chatkit-element/styles/maths.css'

const MATHML = 'http://www.w3.org/1998/Math/MathML'
const ELEMENTS = new Set(
  (
    'math semantics annotation mrow mi mo mn ms mtext mspace mfrac msqrt mroot mstyle mpadded mphantom menclose ' +
    'msub msup msubsup munder mover munderover mmultiscripts mprescripts none mtable mtr mlabeledtr mtd'
  ).split(' '),
)
const ATTRIBUTES = new Set(
  (
    'width height depth voffset notation stretchy scriptlevel displaystyle lspace rspace mathvariant fence form ' +
    'minsize maxsize mathsize mathcolor mathbackground linethickness linebreak symmetric separator rowspacing ' +
    'columnspacing rowlines columnlines movablelimits largeop columnalign accent accentunder display encoding'
  ).split(' '),
)
/** A formula that is longer (characters) or becomes more elements than this stays as it is written. */
const TEX_MAX = 3_000
const NODES_MAX = 4_000
/** Sizes in em: `\rule{9999em}{9999em}` would cover the conversation. */
const SIZE_MAX: [number, number] = [30, 30]
/** Definitions let a short text expand without end. */
const DEFINITION =
  /\\(?:[gex]?def|(?:re)?newcommand|providecommand|let|futurelet|global|DeclareMathOperator)(?![a-zA-Z])/

/** The fonts with a table for mathematics that systems have, by full name. Ours is loaded if none is there. */
const LOCAL_FONTS = [
  ...['Cambria Math', 'STIX Two Math', 'STIXTwoMath-Regular', 'Latin Modern Math', 'LatinModernMath-Regular'],
  ...['XITS Math', 'Libertinus Math', 'DejaVu Math TeX Gyre Regular', 'DejaVuMathTeXGyre-Regular'],
  ...['Noto Sans Math Regular', 'NotoSansMath-Regular'],
]
/** How long (ms) the first formula waits for its font. */
const FONT_PATIENCE_MS = 2_000

type Tree = {
  type?: string
  text?: string
  attributes?: Record<string, string>
  classes?: string[]
  style?: Record<string, string>
  children?: Tree[]
}

function toMathMl(tex: string, isDisplay: boolean): Element | null {
  if (tex.length > TEX_MAX || DEFINITION.test(tex)) return null
  try {
    const tree = temml.__renderToMathMLTree(tex, {
      displayMode: isDisplay,
      annotate: true,
      throwOnError: true,
      trust: false,
      maxExpand: 500,
      maxSize: SIZE_MAX,
    }) as Tree
    const budget = { nodes: NODES_MAX }
    const node = toNode(tree, budget)
    return node instanceof Element ? node : null
  } catch {
    return null
  }
}

/**
 * Builds only what formulas need: no links, pictures or ids, whatever the library makes of the TeX.
 * Throws if there is anything else.
 */
function toNode(tree: Tree, budget: { nodes: number }): Node {
  budget.nodes -= 1
  if (budget.nodes < 0) throw new Error('The formula is too large.')
  if (typeof tree.text === 'string' && !tree.type) return document.createTextNode(tree.text)
  if (tree.type && !ELEMENTS.has(tree.type)) throw new Error(`A formula has no <${tree.type}>.`)
  const node = tree.type ? document.createElementNS(MATHML, tree.type) : document.createDocumentFragment()
  if (node instanceof Element) {
    for (const [name, value] of Object.entries(tree.attributes ?? {}))
      if (ATTRIBUTES.has(name)) node.setAttribute(name, String(value))
    const classes = (tree.classes ?? []).filter((name) => /^[\w-]+$/.test(name))
    if (classes.length > 0) node.setAttribute('class', classes.join(' '))
    const { style } = node as MathMLElement
    for (const [name, value] of Object.entries(tree.style ?? {}))
      if (!/^position$|^content$/.test(name) && !/url|image/i.test(String(value)))
        style[name as 'color'] = String(value)
  }
  for (const child of tree.children ?? []) node.appendChild(toNode(child, budget))
  return node
}

async function loadFont(address: string): Promise<void> {
  const sources = [...LOCAL_FONTS.map((name) => `local("${name}")`), `url("${address}") format("woff2")`]
  const face = new FontFace('ChatKit Maths', sources.join(', '))
  document.fonts.add(face)
  // Formulas are legible without it.
  await new Promise<unknown>((resolve) => {
    face.load().then(resolve, resolve)
    setTimeout(resolve, FONT_PATIENCE_MS)
  })
}

const part: Maths = { toMathMl, loadFont, css: temmlSheet.replace(/@font-face\{[^}]*\}/g, '') + sheet }
export default part
