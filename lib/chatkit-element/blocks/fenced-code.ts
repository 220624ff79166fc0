import { queueWork } from '#lib/chatkit-element/blocks/queue-work.ts'
import type { Highlight, Tools } from '#lib/chatkit-element/blocks/tools.ts'

/**
 * Code that is longer (characters), or has a longer line or word, stays plain: the grammars take
 * quadratic time for some lines.
 */
const CODE_MAX = 30_000
const LONG_LINE = /[^\n]{1000}|[^\s]{300}/
/** How often (ms) code that is being written is coloured again at most. */
const PACE_MS = 250
/** Colouring takes at most one part in so many of the time. */
const SHARE = 20

/** `tail` is the text behind what is coloured. New text is appended to it, so that nothing before it moves. */
type State = { text: string; tail: Text; coloured: number; cost: number; isWaiting: boolean }
const states = new WeakMap<Element, State>()

/** Colours each code block below `root` as soon as the page has time. A removed block is skipped. */
export function colourCode(root: Element, isGrowing: boolean, tools: Tools): void {
  for (const block of root.querySelectorAll('.code')) requestColours(block, isGrowing, tools)
}

/**
 * Appends to the one code block of `box` what `text` has more; false if it shows something else.
 * What is shown already stays as it is, with its colours, its selection and its place.
 */
export function growCode(box: Element, language: string, text: string, isGrowing: boolean, tools: Tools): boolean {
  const block = box.firstElementChild
  const code = block?.querySelector('code')
  if (!block?.matches('.code') || !code || (language && findLanguage(block) !== language)) return false
  const state = stateOf(block, code)
  if (!text.startsWith(state.text)) return false
  state.tail.appendData(text.slice(state.text.length))
  state.text = text
  requestColours(block, isGrowing, tools)
  return true
}

function stateOf(block: Element, code: Element): State {
  const known = states.get(block)
  if (known) return known
  const text = code.textContent ?? ''
  const tail = document.createTextNode(text)
  code.replaceChildren(tail)
  const state = { text, tail, coloured: 0, cost: 0, isWaiting: false }
  states.set(block, state)
  return state
}

function findLanguage(block: Element): string {
  return block.querySelector('.code-head > span')?.textContent ?? ''
}

function requestColours(block: Element, isGrowing: boolean, tools: Tools): void {
  const code = block.querySelector('code')
  if (!code) return
  const state = stateOf(block, code)
  if (state.isWaiting || state.coloured === state.text.length || !isColourable(state.text)) return
  state.isWaiting = true
  const pause = isGrowing ? Math.max(PACE_MS, state.cost * SHARE) : 0
  const colour = (highlight: Highlight) =>
    setTimeout(
      () =>
        queueWork(() => {
          state.isWaiting = false
          if (block.isConnected) paint(code, findLanguage(block), state, highlight)
        }),
      pause,
    )
  // Without its colours code is still code.
  tools.loadPart<Highlight>('highlight').then(
    (highlight) => {
      tools.addStyles(highlight.css)
      colour(highlight)
    },
    () => {
      state.isWaiting = false
    },
  )
}

function isColourable(text: string): boolean {
  return text.length <= CODE_MAX && !LONG_LINE.test(text)
}

function paint(code: Element, language: string, state: State, highlight: Highlight): void {
  const { text } = state
  if (!isColourable(text)) return
  const started = performance.now()
  const coloured = highlight.colour(text, language)
  state.coloured = text.length
  if (!coloured) return
  replaceChanged(code, [...coloured.childNodes])
  state.tail = document.createTextNode('')
  code.append(state.tail)
  state.cost = performance.now() - started
}

/** Leaves the nodes at the beginning that are the same, so that a selection in them stays. */
function replaceChanged(code: Element, wanted: readonly Node[]): void {
  const shown = [...code.childNodes]
  let same = 0
  while (same < wanted.length && shown[same]?.isEqualNode(wanted[same] ?? null)) same += 1
  for (const node of shown.slice(same)) node.remove()
  code.append(...wanted.slice(same))
}
