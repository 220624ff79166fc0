import { useRef, useState } from 'preact/hooks'
import type { ThreadOrigin } from '#lib/chatkit/protocol/thread.ts'
import { type ChatState, isBusy } from '#lib/chatkit-element/chat-state.ts'
import { markdownPart, partTools } from '#lib/chatkit-element/markdown-part.ts'
import { EMPTY_OUTLINE, toOutline } from '#lib/chatkit-element/state/outline.ts'
import { ChapterView } from '#lib/chatkit-element/views/conversation/chapter-view.tsx'
import { LoadOlder } from '#lib/chatkit-element/views/conversation/load-older.tsx'
import { ProgressLine } from '#lib/chatkit-element/views/conversation/progress-line.tsx'
import { useScroll } from '#lib/chatkit-element/views/conversation/use-scroll.ts'
import { Failure } from '#lib/chatkit-element/views/failure.tsx'
import {
  findClickedPicture,
  PictureDialog,
  type ShownPicture,
} from '#lib/chatkit-element/views/files/picture-dialog.tsx'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { Notices } from '#lib/chatkit-element/views/notices.tsx'
import { followLink } from '#lib/chatkit-element/views/thread/follow-link.ts'
import { QuoteButton } from '#lib/chatkit-element/views/thread/quote-button.tsx'
import { WaitingList } from '#lib/chatkit-element/views/thread/waiting-list.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** The conversation, and everything that scrolls with it. */
export function Conversation({ state }: { state: ChatState }) {
  const ui = useUi()
  const { chat, strings, options } = ui
  const { view, phase } = state
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const outline = useRef(EMPTY_OUTLINE)
  outline.current = toOutline(view.items, outline.current)
  const { groups, chapters } = outline.current
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
        part="conversation"
        class="scroller"
        role="log"
        aria-live="off"
        aria-label={strings.conversation}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys scroll a box only if it has the focus.
        tabIndex={0}
        onClick={(event) => {
          setPicture(findClickedPicture(event))
          markdownPart.value?.handleAnswerClick(event, { strings, tools: partTools })
          followLink(event, (name, data) => chat.emit('chatkit.deeplink', { name, data }))
        }}
      >
        <div ref={content} class={`thread ${follow ? '' : 'thread-pinned'}`} aria-busy={busy}>
          {phase === 'loading' && view.items.length === 0 && <Skeleton label={strings.loading} />}
          {state.older && <LoadOlder scroller={scroller} older={state.older} loading={state.loadingOlder} />}
          {!state.older && view.thread?.origin && <Origin origin={view.thread.origin} />}
          {chapters.map((chapter) => (
            <ChapterView
              key={chapter.id}
              chapter={chapter}
              ui={ui}
              imageDomains={view.thread?.allowed_image_domains ?? NO_DOMAINS}
              feedback={state.feedback}
              forks={view.forks}
              busy={busy}
              last={
                chapter === chapters.at(-1)
                  ? { open: view.open, imageProgress: view.imageProgress, isTold: view.failure !== null }
                  : null
              }
            />
          ))}
          <Notices notices={view.notices} />
          <ProgressLine state={state} lastAnswer={groups.at(-1)?.answer ?? []} />
          <Failure state={state} />
          <WaitingList waiting={view.waiting} />
        </div>
      </div>
      {picture && <PictureDialog picture={picture} onClose={() => setPicture(null)} />}
      <QuoteButton scroller={scroller} />
      {away && <IconButton icon="arrow-down" label={strings.jumpToLatest} part="jump" class="jump" onClick={jump} />}
    </div>
  )
}

const NO_DOMAINS: readonly string[] = []

/** Says above the first message that it was not written here. */
function Origin({ origin: { kind, from } }: { origin: ThreadOrigin }) {
  const { strings } = useUi()
  return (
    <p class="thread-origin" dir="auto">
      <Icon name={kind === 'imported' ? 'document' : 'share'} size={15} />
      {kind === 'imported' ? strings.threadImported(from ?? '…') : strings.threadCopied}
    </p>
  )
}

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
