import { useRef, useState } from 'preact/hooks'
import { type ChatState, isBusy } from '#lib/chatkit-element/chat-state.ts'
import { markdownPart, partTools } from '#lib/chatkit-element/markdown-part.ts'
import { findForks, type TurnForks } from '#lib/chatkit-element/state/find-forks.ts'
import { groupByTurn } from '#lib/chatkit-element/state/turn-groups.ts'
import { Failure } from '#lib/chatkit-element/views/failure.tsx'
import {
  findClickedPicture,
  PictureDialog,
  type ShownPicture,
} from '#lib/chatkit-element/views/files/picture-dialog.tsx'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { Notices } from '#lib/chatkit-element/views/notices.tsx'
import { followLink } from '#lib/chatkit-element/views/thread/follow-link.ts'
import { ProgressLine } from '#lib/chatkit-element/views/thread/progress-line.tsx'
import { QuoteButton } from '#lib/chatkit-element/views/thread/quote-button.tsx'
import { TurnView } from '#lib/chatkit-element/views/thread/turn-view.tsx'
import { useScroll } from '#lib/chatkit-element/views/thread/use-scroll.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** The conversation, and everything that scrolls with it. */
export function Conversation({ state }: { state: ChatState }) {
  const ui = useUi()
  const { chat, strings, options } = ui
  const { view, phase } = state
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const groups = groupByTurn(view.items)
  const lastQuestion = groups.at(-1)?.question?.id ?? null
  const follow = options.thread?.autoScroll !== false
  const { away, jump } = useScroll(scroller, content, {
    threadId: view.thread?.id ?? null,
    firstKey: groups[0]?.key,
    lastQuestion,
    follow,
  })
  const busy = isBusy(state)
  const [picture, setPicture] = useState<ShownPicture | null>(null)
  return (
    <div class="stage">
      {/* biome-ignore lint/a11y: the box scrolls by keyboard, and the keyboard reaches the buttons and links that are clicked. */}
      <div
        ref={scroller}
        class="scroller"
        role="log"
        aria-live="off"
        aria-label={strings.conversation}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys scroll a box only if it has the focus.
        tabIndex={0}
        onClick={(event) => {
          setPicture(findClickedPicture(event))
          markdownPart.value?.handleAnswerClick(event, { strings, tools: partTools })
          followLink(event, (name, data) => chat.emitDeeplink(name, data))
        }}
      >
        <div ref={content} class={`thread ${follow ? '' : 'thread-pinned'}`} aria-busy={busy}>
          {phase === 'loading' && view.items.length === 0 && <Skeleton label={strings.loading} />}
          {state.older && (
            <button
              type="button"
              class="quiet-button load-older"
              disabled={state.loadingOlder}
              onClick={() => void chat.loadOlder()}
            >
              {state.loadingOlder ? strings.loading : strings.loadOlder}
            </button>
          )}
          {groups.map((group, at) => {
            const isLast = at === groups.length - 1
            return (
              <TurnView
                key={group.key}
                group={group}
                ui={ui}
                open={isLast ? view.open : NONE}
                imageProgress={view.imageProgress}
                imageDomains={view.thread?.allowed_image_domains ?? NO_DOMAINS}
                isLast={isLast}
                busy={busy}
                isTold={isLast && view.failure !== null}
                feedback={state.feedback.get(group.key)}
                forks={view.forks.length > 0 ? findForks(view.forks, group) : NO_FORKS}
              />
            )
          })}
          <Notices notices={view.notices} />
          <ProgressLine state={state} lastAnswer={groups.at(-1)?.answer ?? []} />
          <Failure state={state} />
        </div>
      </div>
      {picture && <PictureDialog picture={picture} onClose={() => setPicture(null)} />}
      <QuoteButton scroller={scroller} />
      {away && <IconButton icon="arrow-down" label={strings.jumpToLatest} class="jump" onClick={jump} />}
    </div>
  )
}

const NONE: ReadonlySet<string> = new Set()
const NO_DOMAINS: readonly string[] = []
const NO_FORKS: TurnForks = { question: undefined, answer: undefined }

function Skeleton({ label }: { label: string }) {
  return (
    <div class="skeleton" role="status" aria-label={label}>
      <div class="skeleton-bubble" />
      <div class="skeleton-line" />
      <div class="skeleton-line" />
      <div class="skeleton-line short" />
    </div>
  )
}
