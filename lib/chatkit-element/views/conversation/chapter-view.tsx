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
      next.last?.open !== now.last?.open ||
      next.last?.imageProgress !== now.last?.imageProgress ||
      next.last?.isTold !== now.last?.isTold ||
      (next.busy !== now.busy && !this.#refreshLater())
    )
  }

  /** What nobody sees learns between frames that an answer begins or ends. Returns false if it is seen. */
  #refreshLater(): boolean {
    const isSkipped = this.#box.current?.firstElementChild?.checkVisibility({ contentVisibilityAuto: true }) === false
    if (isSkipped) refreshBetweenFrames(this)
    return isSkipped
  }

  override componentWillUnmount(): void {
    LATE.delete(this)
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

/** Chapters that are out of sight and still to be told that an answer began or ended. */
const LATE = new Set<ChapterView>()
/** After this time (ms) the next of them is told even if the page is busy. */
const PATIENCE_MS = 300

let isScheduled = false

/** Renders a chapter again between two frames, one at a time: hundreds at once would block the page. */
function refreshBetweenFrames(chapter: ChapterView): void {
  LATE.add(chapter)
  if (!isScheduled) scheduleRefresh()
}

function scheduleRefresh(): void {
  isScheduled = true
  if ('requestIdleCallback' in globalThis) requestIdleCallback(refreshNext, { timeout: PATIENCE_MS })
  else setTimeout(refreshNext, 16)
}

function refreshNext(): void {
  isScheduled = false
  const [next] = LATE
  if (!next) return
  LATE.delete(next)
  next.forceUpdate()
  if (LATE.size > 0) scheduleRefresh()
}
