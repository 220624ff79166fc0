import { Component, createRef } from 'preact'
import type { Strings } from '#lib/chatkit-element/language/strings.ts'
import { type Block, Blocks } from '#lib/chatkit-element/markdown/blocks.ts'
import { type CitedSource, markCitations, placeCitations } from '#lib/chatkit-element/markdown/citations.ts'
import type { Footnote } from '#lib/chatkit-element/markdown/footnotes.ts'
import { keepMeasuresTogether } from '#lib/chatkit-element/markdown/keep-measures-together.ts'
import { sanitise } from '#lib/chatkit-element/markdown/sanitise.ts'
import { toHtml } from '#lib/chatkit-element/markdown/to-html.ts'
import { type Ui, UiContext } from '#lib/chatkit-element/views/use-ui.ts'

type Props = { text: string; growing?: boolean; imageDomains?: readonly string[]; citations?: readonly CitedSource[] }

const NONE: readonly never[] = []

/**
 * Renders untrusted Markdown safely while it is still being written. Complete blocks are not
 * rendered again.
 */
export class Markdown extends Component<Props> {
  static override contextType = UiContext
  readonly #blocks = new Blocks()

  override shouldComponentUpdate(next: Props): boolean {
    const now = this.props
    return (
      next.text !== now.text ||
      next.growing !== now.growing ||
      next.imageDomains !== now.imageDomains ||
      next.citations !== now.citations
    )
  }

  override render({ text, growing = false, imageDomains = NONE, citations = NONE }: Props) {
    const { strings } = this.context as Ui
    const blocks = this.#blocks.read(markCitations(text, citations), growing)
    const { footnotes } = this.#blocks
    const shared = { imageDomains, citations, footnotes, strings }
    return (
      <div class="md">
        {blocks.map((block, at) => (
          <BlockView key={at} block={block} {...shared} />
        ))}
        <Footnotes {...shared} />
      </div>
    )
  }
}

type Shared = {
  imageDomains: readonly string[]
  citations: readonly CitedSource[]
  footnotes: readonly Footnote[]
  strings: Strings
}
type BlockProps = Shared & { block: Block }

/** The notes under a text, each with a link back to its reference. */
function Footnotes(shared: Shared) {
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
      citations !== now.citations ||
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
    const { block, imageDomains, citations, footnotes, strings } = this.props
    const fragment = sanitise(toHtml(block.token, { strings, imageDomains, footnotes }), imageDomains)
    placeCitations(fragment, citations, strings)
    keepMeasuresTogether(fragment)
    this.#box.current?.replaceChildren(fragment)
  }
}
