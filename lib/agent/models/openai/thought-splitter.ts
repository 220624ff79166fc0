/** A part of what a model wrote: the answer, a thought, or the word that all of the answer so far was a thought. */
export type Piece = { kind: 'text' | 'thought'; text: string } | { kind: 'retract' }

// Each way in which models mark their thoughts in the answer: Qwen, DeepSeek and most others, Magistral, Seed, Kimi, gpt-oss, Gemma.
const XML = ['think', 'thinking', 'thought', 'thoughts', 'reasoning', 'reflection', 'seed:think', 'antthinking']
const MARKS: { open: string; close: string[] }[] = [
  ...XML.map((name) => ({ open: `<${name}>`, close: [`</${name}>`] })),
  { open: '[think]', close: ['[/think]'] },
  { open: '◁think▷', close: ['◁/think▷'] },
  { open: '<|begin_of_thought|>', close: ['<|end_of_thought|>'] },
  { open: '<|channel>thought', close: ['<channel|>'] },
  ...['analysis', 'commentary'].map((channel) => ({
    open: `<|channel|>${channel}<|message|>`,
    close: ['<|end|>', '<|start|>assistant', '<|channel|>final<|message|>'],
  })),
]
/** Marks without a meaning for people. */
const SILENT = ['<|channel|>final<|message|>', '<|start|>assistant', '<|end|>', '<|return|>', '<|im_end|>', '<|eot_id|>']

const CLOSERS = new Map(MARKS.map(({ open, close }) => [open, close]))
const CLOSING = new Set(MARKS.flatMap(({ close }) => close))
const ALL = [...new Set([...CLOSERS.keys(), ...CLOSING, ...SILENT])]

/**
 * Parts the thoughts of a model from its answer where it writes both as one text, `<think>` and the like, however the text is cut into
 * chunks. A thought may have no end (the rest is one) or no beginning (all before was one). What stands in code is left alone.
 */
export class ThoughtSplitter {
  #held = ''
  /** White space at the beginning of the answer, which is shown only if an answer follows. */
  #lead = ''
  #closers: string[] | undefined
  #thinks = false
  /** A thought's end without its beginning came: what was shown is a thought if anything follows. */
  #loose = false
  #trims = false
  #visible = ''
  readonly #code = new CodeWatch()

  /** The answer so far, without thoughts. */
  get visible(): string {
    return this.#visible
  }

  push(text: string): Piece[] {
    this.#held += text
    const pieces: Piece[] = []
    while (this.#held !== '') {
      const marks = this.#closers ?? ALL
      const found = findFirst(this.#held, marks)
      const end = found ? found.at : this.#held.length - heldBack(this.#held, marks)
      const before = this.#held.slice(0, end)
      this.#held = this.#held.slice(end + (found?.mark.length ?? 0))
      if (this.#closers) {
        pieces.push(...this.#think(before))
        if (found) this.#leaveThought()
      } else {
        pieces.push(...this.#show(before))
        if (found) pieces.push(...this.#meet(found.mark, found.text))
      }
      if (!found) break
    }
    return pieces
  }

  /** The rest, at the end of the answer. */
  end(): Piece[] {
    const rest = this.#held
    this.#held = ''
    if (rest === '') return []
    return this.#closers ? this.#think(rest) : this.#show(rest)
  }

  #think(given: string): Piece[] {
    const text = this.#thinks ? given : given.trimStart()
    if (text === '') return []
    this.#thinks = true
    return [{ kind: 'thought', text }]
  }

  #leaveThought(): void {
    this.#closers = undefined
    this.#thinks = false
    this.#trims = true
  }

  #meet(mark: string, text: string): Piece[] {
    if (this.#code.inside) return this.#show(text)
    const closers = CLOSERS.get(mark)
    if (closers) {
      // In the middle of a line it is spoken of, not begun.
      if (!this.#code.atLineStart) return this.#show(text)
      this.#closers = closers
      this.#lead = ''
    } else if (CLOSING.has(mark) && this.#visible.trim() !== '') this.#loose = !SILENT.includes(mark)
    return []
  }

  #show(given: string): Piece[] {
    const pieces: Piece[] = []
    const text = this.#trims ? given.trimStart() : given
    if (text === '') return []
    if (this.#loose) {
      if (text.trim() === '') return []
      pieces.push({ kind: 'retract' }, { kind: 'thought', text: this.#visible })
      this.#visible = ''
      this.#loose = false
      this.#code.reset()
      return [...pieces, ...this.#show(text.trimStart())]
    }
    this.#trims = false
    this.#code.read(text)
    if (this.#visible === '' && text.trim() === '') {
      this.#lead += text
      return []
    }
    const shown = this.#lead + text
    this.#lead = ''
    this.#visible += shown
    return [{ kind: 'text', text: shown }]
  }
}

/** Knows whether a text that comes in pieces is inside of Markdown code. */
class CodeWatch {
  #fenced = false
  #line = ''

  get atLineStart(): boolean {
    return this.#line.trim() === ''
  }

  get inside(): boolean {
    return this.#fenced || ((this.#line.match(/`/g)?.length ?? 0) % 2 === 1 && !isFence(this.#line))
  }

  read(text: string): void {
    const lines = text.split('\n')
    for (const [index, part] of lines.entries()) {
      if (index > 0) {
        if (isFence(this.#line)) this.#fenced = !this.#fenced
        this.#line = ''
      }
      // Ticks are counted on this line alone; a line is as long as the model likes.
      this.#line = this.#line.length > 10_000 ? part : this.#line + part
    }
  }

  reset(): void {
    this.#fenced = false
    this.#line = ''
  }
}

function isFence(line: string): boolean {
  return /^\s{0,3}(```|~~~)/.test(line)
}

function findFirst(text: string, marks: readonly string[]): { at: number; mark: string; text: string } | undefined {
  const low = text.toLowerCase()
  let first: { at: number; mark: string; text: string } | undefined
  for (const mark of marks) {
    const at = low.indexOf(mark)
    const isBefore = at >= 0 && (!first || at < first.at || (at === first.at && mark.length > first.mark.length))
    if (isBefore) first = { at, mark, text: text.slice(at, at + mark.length) }
  }
  return first
}

/** How many characters at the end may be the beginning of a mark. */
function heldBack(text: string, marks: readonly string[]): number {
  const low = text.toLowerCase()
  let longest = 0
  for (const mark of marks) {
    for (let length = Math.min(mark.length - 1, low.length); length > longest; length -= 1) {
      if (low.endsWith(mark.slice(0, length))) longest = length
    }
  }
  return longest
}
