import { queueWork } from '#lib/chatkit-element/blocks/queue-work.ts'
import type { Maths, Tools } from '#lib/chatkit-element/blocks/tools.ts'

/** How many formulas are remembered: a paragraph that is being written is rendered many times. */
const REMEMBERED = 300
/** How long (ms) one rendering may work on formulas before it leaves the others for later. */
const SHARE_MS = 6

const rendered = new Map<string, Element | null>()
let maths: Maths | null = null

/**
 * Replaces the formulas of a fragment by MathML: at once if they are known or there is time, else
 * between frames. What cannot be rendered stays as it was written.
 */
export function renderFormulas(root: DocumentFragment, tools: Tools): void {
  const places = [...root.querySelectorAll('.maths')]
  if (places.length === 0) return
  const until = performance.now() + SHARE_MS
  for (const place of places) {
    if (maths && (isRemembered(place) || performance.now() < until)) render(place, maths)
    else void renderLater(place, tools)
  }
}

async function renderLater(place: Element, tools: Tools): Promise<void> {
  const part = await load(tools).catch(() => null)
  if (part) queueWork(() => place.isConnected && render(place, part))
}

let loading: Promise<Maths> | null = null
function load(tools: Tools): Promise<Maths> {
  loading ??= loadOnce(tools).catch((error: unknown) => {
    loading = null
    throw error
  })
  return loading
}

async function loadOnce(tools: Tools): Promise<Maths> {
  const part = await tools.loadPart<Maths>('maths')
  tools.addStyles(part.css)
  await part.loadFont(tools.findPartUrl('maths.woff2'))
  maths = part
  return part
}

function keyOf(place: Element): string {
  return `${place.matches('.is-display') ? 'display' : 'inline'} ${place.textContent}`
}

function isRemembered(place: Element): boolean {
  return rendered.has(keyOf(place))
}

function render(place: Element, part: Maths): void {
  if (place.firstElementChild) return
  const key = keyOf(place)
  let formula = rendered.get(key)
  if (formula === undefined) {
    const tex = (place.textContent ?? '').slice(2, -2).trim()
    formula = part.toMathMl(tex, place.matches('.is-display'))
    rendered.set(key, formula)
    if (rendered.size > REMEMBERED) rendered.delete(rendered.keys().next().value ?? '')
  }
  if (!formula) return
  place.replaceChildren(formula.cloneNode(true))
  place.classList.add('is-rendered')
}
