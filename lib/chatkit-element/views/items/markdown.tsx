import { Component, createRef } from 'preact'
import type { BlockContext } from '#lib/chatkit-element/blocks/fill-block.ts'
import type { Block, Blocks } from '#lib/chatkit-element/markdown/blocks.ts'
import { CITED, type CitedSource, markCitations } from '#lib/chatkit-element/markdown/citations.ts'
import { loadMarkdown, markdownPart, partTools } from '#lib/chatkit-element/markdown-part.ts'
import { type Ui, UiContext } from '#lib/chatkit-element/views/use-ui.ts'

type Props = { text: string; growing?: boolean; imageDomains?: readonly string[]; citations?: readonly CitedSource[] }

const NONE: readonly never[] = []
/** A pass that takes longer (ms) than this delays the next one, so that at most a fifth of the time is spent. */
const CHEAP_MS = 8
const SHARE = 5
/** So many characters are read as Markdown. What follows is shown as it is written, in pieces. */
const TEXT_MAX = 200_000
const PIECE = 20_000

/**
 * Renders untrusted Markdown safely while it is still being written. Complete blocks are not
 * rendered again. Until its part is loaded, and if it cannot be, the text is shown as it is written.
 */
export class Markdown extends Component<Props> {
  static override contextType = UiContext
  #blocks: Blocks | null = null
  #unsubscribe: (() => void) | null = null
  #later: ReturnType<typeof setTimeout> | null = null
  #cost = 0

  override shouldComponentUpdate(next: Props): boolean {
    const now = this.props
    if (next.growing !== now.growing || next.imageDomains !== now.imageDomains || next.citations !== now.citations)
      return true
    if (next.text === now.text) return false
    if (!next.growing || this.#cost < CHEAP_MS) return true
    this.#later ??= setTimeout(() => this.forceUpdate(), this.#cost * SHARE)
    return false
  }

  override componentDidMount(): void {
    if (!markdownPart.value) this.#unsubscribe = markdownPart.subscribe(() => this.forceUpdate())
    loadMarkdown()
  }

  override componentWillUnmount(): void {
    this.#unsubscribe?.()
    this.#stopWaiting()
  }

  override render({ text, growing = false, imageDomains = NONE, citations = NONE }: Props) {
    this.#stopWaiting()
    const part = markdownPart.value
    if (!part)
      return (
        <div class="md">
          <Plain text={text} />
        </div>
      )
    const { strings } = this.context as Ui
    const started = performance.now()
    this.#blocks ??= new part.Blocks()
    const blocks = this.#blocks.read(
      markCitations(text.slice(0, TEXT_MAX), citations),
      growing && text.length < TEXT_MAX,
    )
    const { footnotes } = this.#blocks
    const shared = { imageDomains, citations, footnotes, strings, tools: partTools }
    // The blocks are filled after this, in the same task.
    queueMicrotask(() => {
      this.#cost = performance.now() - started
    })
    return (
      <div class="md">
        {blocks.map((block, at) => (
          <BlockView key={at} block={block} isGrowing={growing && at === blocks.length - 1} {...shared} />
        ))}
        {text.length > TEXT_MAX && <Plain text={text.slice(TEXT_MAX)} />}
        <Footnotes {...shared} />
      </div>
    )
  }

  #stopWaiting(): void {
    if (this.#later) clearTimeout(this.#later)
    this.#later = null
  }
}

/** A text as it is written. Pieces that are out of sight cost the browser nothing. */
function Plain({ text }: { text: string }) {
  const pieces = Array.from({ length: Math.ceil(text.length / PIECE) }, (_, at) => at * PIECE)
  return (
    <>
      {pieces.map((from) => (
        <div key={from} class="md-plain" dir="auto">
          {text.slice(from, from + PIECE)}
        </div>
      ))}
    </>
  )
}

type BlockProps = BlockContext & { block: Block; isGrowing?: boolean }

/** The notes under a text, each with a link back to its reference. */
function Footnotes(shared: BlockContext) {
  const { footnotes, strings } = shared
  if (!footnotes.some(({ definition }) => definition)) return null
  return (
    <ol class="md-notes">
      {footnotes.map(({ number, definition }) => (
        <li key={number} value={number} data-note={number} tabIndex={-1}>
          {definition?.tokens.map((token, at) => (
            <BlockView key={at} block={{ raw: token.raw, token }} {...shared} />
          ))}
          {definition && (
            <button type="button" data-note-back={number} aria-label={strings.footnoteBack(number)}>
              ↩
            </button>
          )}
        </li>
      ))}
    </ol>
  )
}

class BlockView extends Component<BlockProps> {
  readonly #box = createRef<HTMLDivElement>()

  override shouldComponentUpdate({ block, imageDomains, citations, footnotes }: BlockProps): boolean {
    const now = this.props
    return (
      block.raw !== now.block.raw ||
      block.token.type !== now.block.token.type ||
      imageDomains !== now.imageDomains ||
      // The end of an answer brings its sources: only blocks that cite one are rendered again.
      (citations !== now.citations && block.raw.includes(CITED)) ||
      // Notes arrive at the end of a text: only blocks that refer to one are rendered again.
      (footnotes !== now.footnotes && block.raw.includes('[^'))
    )
  }

  override componentDidMount(): void {
    this.#fill()
  }

  override componentDidUpdate(): void {
    this.#fill()
  }

  override render() {
    return <div ref={this.#box} class="md-block" dir="auto" />
  }

  #fill(): void {
    const { block, isGrowing = false, ...context } = this.props
    if (this.#box.current) markdownPart.value?.fillBlock(this.#box.current, block.token, isGrowing, context)
  }
}
