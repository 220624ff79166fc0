/** @jsxImportSource preact */
import { Component, createRef } from 'preact'
import { type Block, Blocks } from '#lib/chatkit-element/markdown/blocks.ts'
import { type CitedSource, markCitations, placeCitations } from '#lib/chatkit-element/markdown/citations.ts'
import { blockToHtml } from '#lib/chatkit-element/markdown/html.ts'
import { sanitise } from '#lib/chatkit-element/markdown/sanitise.ts'
import type { Strings } from '#lib/chatkit-element/strings.ts'
import { type Ui, UiContext } from '#lib/chatkit-element/views/ui.ts'

type Props = { text: string; growing?: boolean; imageDomains?: readonly string[]; citations?: readonly CitedSource[] }

const NONE: readonly never[] = []

/** Untrusted Markdown, safe to show while it is still being written. Blocks that are complete are not drawn again. */
export class Markdown extends Component<Props> {
  static override contextType = UiContext
  readonly #blocks = new Blocks()

  override shouldComponentUpdate(next: Props): boolean {
    const now = this.props
    return (
      next.text !== now.text || next.growing !== now.growing || next.imageDomains !== now.imageDomains || next.citations !== now.citations
    )
  }

  override render({ text, growing = false, imageDomains = NONE, citations = NONE }: Props) {
    const { strings } = this.context as Ui
    const blocks = this.#blocks.read(markCitations(text, citations), growing)
    return (
      <div class="md" dir="auto">
        {blocks.map((block, at) => (
          <BlockView key={at} block={block} imageDomains={imageDomains} citations={citations} strings={strings} />
        ))}
      </div>
    )
  }
}

type BlockProps = { block: Block; imageDomains: readonly string[]; citations: readonly CitedSource[]; strings: Strings }

class BlockView extends Component<BlockProps> {
  readonly #box = createRef<HTMLDivElement>()

  override shouldComponentUpdate({ block, imageDomains, citations }: BlockProps): boolean {
    const now = this.props
    return (
      block.raw !== now.block.raw ||
      block.token.type !== now.block.token.type ||
      imageDomains !== now.imageDomains ||
      citations !== now.citations
    )
  }

  override componentDidMount(): void {
    this.#fill()
  }

  override componentDidUpdate(): void {
    this.#fill()
  }

  override render() {
    return <div ref={this.#box} class="md-block" />
  }

  #fill(): void {
    const { block, imageDomains, citations, strings } = this.props
    const fragment = sanitise(blockToHtml(block.token, { strings, imageDomains }), imageDomains)
    placeCitations(fragment, citations, strings)
    this.#box.current?.replaceChildren(fragment)
  }
}
