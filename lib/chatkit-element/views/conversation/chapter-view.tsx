import { Component, createRef, Fragment } from 'preact'
import type { Fork } from '#lib/chatkit/protocol/thread.ts'
import type { ChatState } from '#lib/chatkit-element/chat-state.ts'
import { findForks, type TurnForks } from '#lib/chatkit-element/state/find-forks.ts'
import type { Chapter } from '#lib/chatkit-element/state/outline.ts'
import { DayLine } from '#lib/chatkit-element/views/conversation/day-line.tsx'
import { TurnView } from '#lib/chatkit-element/views/thread/turn-view.tsx'
import type { Ui } from '#lib/chatkit-element/views/use-ui.ts'

type Props = {
  chapter: Chapter
  ui: Ui
  imageDomains: readonly string[]
  feedback: ChatState['feedback']
  forks: readonly Fork[]
  busy: boolean
  /** What happens in the thread's last turn; null in every chapter but the last. */
  last: { open: ReadonlySet<string>; imageProgress: ReadonlyMap<string, number>; isTold: boolean } | null
}

/**
 * A chapter of the thread. It is laid out once when it is new, so that its size is known; from then
 * on the browser skips it while it is far from the screen, but still finds its words and reads it
 * aloud. Renders again only if something in it has changed.
 */
export class ChapterView extends Component<Props> {
  readonly #box = createRef<HTMLDivElement>()

  override shouldComponentUpdate(next: Props): boolean {
    const now = this.props
    return (
      next.chapter !== now.chapter ||
      next.ui !== now.ui ||
      next.imageDomains !== now.imageDomains ||
      next.feedback !== now.feedback ||
      next.forks !== now.forks ||
      next.busy !== now.busy ||
      next.last?.open !== now.last?.open ||
      next.last?.imageProgress !== now.last?.imageProgress ||
      next.last?.isTold !== now.last?.isTold
    )
  }

  /** A browser remembers a size once it has been on the screen, which is in the second frame. */
  override componentDidMount(): void {
    requestAnimationFrame(() => requestAnimationFrame(() => this.#box.current?.classList.add('is-known')))
  }

  override render({ chapter, ui, imageDomains, feedback, forks, busy, last }: Props) {
    const { groups } = chapter
    return (
      <div ref={this.#box} class="chapter">
        {groups.map((group, at) => {
          const isLast = last !== null && at === groups.length - 1
          return (
            <Fragment key={group.key}>
              {group.opensDay && <DayLine day={group.day} />}
              <TurnView
                group={group}
                ui={ui}
                open={isLast ? last.open : NONE}
                imageProgress={isLast ? last.imageProgress : NO_PROGRESS}
                imageDomains={imageDomains}
                isLast={isLast}
                busy={busy}
                isTold={isLast && last.isTold}
                feedback={feedback.get(group.key)}
                forks={forks.length > 0 ? findForks(forks, group) : NO_FORKS}
              />
            </Fragment>
          )
        })}
      </div>
    )
  }
}

const NONE: ReadonlySet<string> = new Set()
const NO_FORKS: TurnForks = { question: undefined, answer: undefined }
const NO_PROGRESS: ReadonlyMap<string, number> = new Map()
