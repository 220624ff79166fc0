/**
 * A part of what a model wrote: the answer, a thought, or the news that all of the answer so far
 * was a thought.
 */
export type Piece = { kind: 'text' | 'thought'; text: string } | { kind: 'retract' }

// How models mark thoughts in their answer: Qwen, DeepSeek and most others, Magistral, Seed, Kimi,
// OpenThinker, Cohere, gpt-oss, Gemma.
const XML = ['think', 'thinking', 'thought', 'thoughts', 'reasoning', 'reflection', 'seed:think', 'antthinking']
const LONG_XML = ['thought_process', 'inner_monologue', 'inner_thoughts', 'scratchpad']
const MARKS: { open: string; close: string[] }[] = [
  ...[...XML, ...LONG_XML].map((name) => ({ open: `<${name}>`, close: [`</${name}>`] })),
  { open: '[think]', close: ['[/think]'] },
  { open: '◁think▷', close: ['◁/think▷'] },
  { open: '<|begin_of_thought|>', close: ['<|end_of_thought|>'] },
  { open: '<|think|>', close: ['<|/think|>'] },
  { open: '<|start_thinking|>', close: ['<|end_thinking|>'] },
  { open: '<unused94>thought', close: ['<unused95>'] },
  { open: '<|channel>thought', close: ['<channel|>'] },
  ...['analysis', 'commentary'].map((channel) => ({
    open: `<|channel|>${channel}<|message|>`,
    close: ['<|end|>', '<|start|>assistant', '<|channel|>final<|message|>'],
  })),
]
/** Marks that mean nothing to people and are dropped. */
const SILENT = [
  ...['<|channel|>final<|message|>', '<|start|>assistant', '<|end|>', '<|return|>', '<|im_end|>', '<|eot_id|>'],
  ...['<|start_response|>', '<|end_response|>', '<|begin_of_solution|>', '<|end_of_solution|>'],
]

const CLOSERS = new Map(MARKS.map(({ open, close }) => [open, close]))
const CLOSING = new Set(MARKS.flatMap(({ close }) => close))
const ALL = toPattern([...CLOSERS.keys(), ...CLOSING, ...SILENT])
const ENDS = new Map(MARKS.map(({ close }) => [close, toPattern(close)]))

/**
 * Separates a model's thoughts from its answer if it writes both as one text (`<think>` and the
 * like), however the text is cut into chunks. A thought may lack its end (then the rest is a
 * thought) or its beginning (then all before it was one). Marks inside code are left alone.
 */
export class ThoughtSplitter {
  #held = ''
  /** White space at the beginning of the answer. It is shown only if text follows. */
  #lead = ''
  #closers: string[] | undefined
  #thinks = false
  /**
   * The end of a thought came without its beginning. If anything follows, what was shown is a
   * thought.
   */
  #loose = false
  #trims = false
  #visible = ''
  /** More than white space is visible. */
  #says = false
  readonly #code = new CodeWatch()

  /** The answer so far, without thoughts. */
  get visible(): string {
    return this.#visible
  }

  push(text: string): Piece[] {
    const held = this.#held + text
    const pieces: Piece[] = []
    let from = 0
    for (;;) {
      const marks = (this.#closers && ENDS.get(this.#closers)) ?? ALL
      const found = marks.find(held, from)
      const end = found ? found.at : held.length - marks.heldBack(held, from)
      const before = held.slice(from, end)
      if (this.#closers) {
        pieces.push(...this.#think(before))
        if (found) this.#leaveThought()
      } else {
        pieces.push(...this.#show(before))
        if (found) pieces.push(...this.#meet(found.text))
      }
      from = end + (found?.text.length ?? 0)
      if (!found) break
    }
    this.#held = held.slice(from)
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

  #meet(text: string): Piece[] {
    const mark = text.toLowerCase()
    if (this.#code.inside) return this.#show(text)
    const closers = CLOSERS.get(mark)
    if (closers) {
      // In the middle of a line the mark is only mentioned.
      if (!this.#code.atLineStart) return this.#show(text)
      this.#closers = closers
      this.#lead = ''
    } else if (CLOSING.has(mark) && this.#says) this.#loose = !SILENT.includes(mark)
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
      this.#says = false
      this.#loose = false
      this.#code.reset()
      return [...pieces, ...this.#show(text.trimStart())]
    }
    this.#trims = false
    this.#code.read(text)
    const isWhite = text.trim() === ''
    if (this.#visible === '' && isWhite) {
      this.#lead += text
      return []
    }
    this.#says ||= !isWhite
    const shown = this.#lead + text
    this.#lead = ''
    this.#visible += shown
    return [{ kind: 'text', text: shown }]
  }
}

/**
 * Tells whether a text that comes in pieces is inside Markdown code. Keeps a bounded part of each
 * line, however long the line is.
 */
class CodeWatch {
  #fenced = false
  #head = ''
  #ticks = 0
  atLineStart = true

  get inside(): boolean {
    return this.#fenced || (this.#ticks % 2 === 1 && !isFence(this.#head))
  }

  read(text: string): void {
    for (const [index, part] of text.split('\n').entries()) {
      if (index > 0) {
        const fenced = isFence(this.#head) ? !this.#fenced : this.#fenced
        this.reset()
        this.#fenced = fenced
      }
      this.#head = (this.#head + part.slice(0, FENCE_CHARS)).slice(0, FENCE_CHARS)
      this.#ticks += part.split('`').length - 1
      this.atLineStart &&= part.trim() === ''
    }
  }

  reset(): void {
    this.#fenced = false
    this.#head = ''
    this.#ticks = 0
    this.atLineStart = true
  }
}

/** The most characters of a code fence with the white space before it. */
const FENCE_CHARS = 6

function isFence(line: string): boolean {
  return /^\s{0,3}(```|~~~)/.test(line)
}

/** Finds marks in one pass through a text, because a runaway model writes thousands of them. */
type Pattern = {
  find(text: string, from: number): { at: number; text: string } | undefined
  heldBack(text: string, from: number): number
}

function toPattern(marks: readonly string[]): Pattern {
  // Longest first: of two marks at the same place the longer one is meant.
  const sorted = [...new Set(marks)].sort((a, b) => b.length - a.length)
  const any = new RegExp(sorted.map((mark) => mark.replace(/[|[\]/\\^$.*+?(){}]/g, '\\$&')).join('|'), 'gi')
  const longest = sorted[0]?.length ?? 0
  return {
    find(text, from) {
      any.lastIndex = from
      const found = any.exec(text)
      return found ? { at: found.index, text: found[0] } : undefined
    },
    /** How many characters at the end may be the beginning of a mark. */
    heldBack(text, from) {
      const tail = text.slice(Math.max(from, text.length - longest + 1)).toLowerCase()
      for (let length = tail.length; length > 0; length -= 1)
        if (sorted.some((mark) => mark.length > length && mark.startsWith(tail.slice(-length)))) return length
      return 0
    },
  }
}
