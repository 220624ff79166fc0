import { queueWork } from '#lib/chatkit-element/blocks/queue-work.ts'
import type { Highlight, Tools } from '#lib/chatkit-element/blocks/tools.ts'

/** Code that is longer (characters), or has a longer line, stays plain: the grammars are not linear. */
const CODE_MAX = 60_000
const LINE_MAX = 3_000
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
export function growCode(box: Element, language: string, text: string, tools: Tools): boolean {
  const block = box.firstElementChild
  const code = block?.querySelector('code')
  if (!block?.matches('.code') || !code || (language && findLanguage(block) !== language)) return false
  const state = stateOf(block, code)
  if (!text.startsWith(state.text)) return false
  state.tail.appendData(text.slice(state.text.length))
  state.text = text
  requestColours(block, true, tools)
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
  if (text.length > CODE_MAX) return false
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from)
    if ((end < 0 ? text.length : end) - from > LINE_MAX) return false
    if (end < 0) break
    from = end + 1
  }
  return true
}

function paint(code: Element, language: string, state: State, highlight: Highlight): void {
  const { text } = state
  if (!isColourable(text)) return
  const started = performance.now()
  const coloured = highlight.colour(text, language)
  state.coloured = text.length
  if (!coloured) return
  state.tail = document.createTextNode('')
  code.replaceChildren(coloured, state.tail)
  state.cost = performance.now() - started
}
