/** What is left of a turn in these pixels at the top is its margin. */
const MARGIN_PX = 24

/**
 * Holds what is read in its place. Browsers do this too, but Safari does not, and Chromium does not
 * at the very top, where earlier messages are inserted.
 */
export class ScrollAnchor {
  readonly #box: HTMLElement
  readonly #content: HTMLElement
  #held: Element | null = null
  /** How far `#held` was below the top of the content that is scrolled away (px). */
  #place = 0

  constructor(box: HTMLElement, content: HTMLElement) {
    this.#box = box
    this.#content = content
  }

  /** Notes the first block of a turn that can be seen, as deep as possible. */
  set(): void {
    const edge = this.#box.getBoundingClientRect().top + MARGIN_PX
    let held: Element | undefined = findFirstBelow(this.#content.getElementsByClassName('turn'), edge)
    for (let next = held; next; next = findFirstBelow(next.children, edge)) {
      held = next
      if (next.getBoundingClientRect().top >= edge) break
    }
    this.#held = held ?? null
    if (held) this.#place = this.#placeOf(held)
  }

  /** Scrolls by as much as the block has moved within the content. */
  hold(): void {
    if (!this.#held?.isConnected) return
    const place = this.#placeOf(this.#held)
    if (Math.abs(place - this.#place) < 1) return
    this.#box.scrollTop += place - this.#place
    this.#place = place
  }

  #placeOf(element: Element): number {
    return element.getBoundingClientRect().top - this.#box.getBoundingClientRect().top + this.#box.scrollTop
  }
}

/** The first of some blocks, from top to bottom, whose end is below a line. */
function findFirstBelow(blocks: HTMLCollection, line: number): Element | undefined {
  let [from, to] = [0, blocks.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((blocks[middle] as Element).getBoundingClientRect().bottom > line) to = middle
    else from = middle + 1
  }
  return blocks[from]
}
