import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ChatEntry } from '#lib/chatkit-element/history/history.ts'
import { toAgeGroup } from '#lib/chatkit-element/language/time.ts'
import { useSignal } from '#lib/chatkit-element/signal.ts'
import { DeleteQuestion } from '#lib/chatkit-element/views/history/delete-question.tsx'
import { HistoryRow } from '#lib/chatkit-element/views/history/history-row.tsx'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

const AGES = ['today', 'yesterday', 'week', 'month', 'older'] as const

/**
 * The list of the person's chats, over the conversation. Escape or a click outside closes it, and
 * the focus returns to where it was.
 */
export function HistoryPanel() {
  const { chat, strings } = useUi()
  const { history } = chat
  const state = useSignal(history.state)
  const panel = useRef<HTMLDivElement>(null)
  const [doomed, setDoomed] = useState<ChatEntry | null>(null)
  useFocusInside(panel, state.open)
  if (!state.open) return null
  const byAge = Object.groupBy(state.chats, ({ created_at }) => toAgeGroup(created_at))
  const titles = {
    today: strings.dateToday,
    yesterday: strings.dateYesterday,
    week: strings.dateWeek,
    month: strings.dateMonth,
    older: strings.dateOlder,
  }
  return (
    <div class="history-layer">
      {/* biome-ignore lint/a11y: Escape and the close button do the same for the keyboard. */}
      <div class="scrim" onClick={() => history.hide()} />
      <div
        ref={panel}
        part="history"
        class="history"
        role="dialog"
        aria-modal="true"
        aria-label={strings.history}
        tabIndex={-1}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && !doomed) history.hide()
        }}
      >
        <div class="history-head" inert={doomed !== null}>
          <h2>{strings.chats}</h2>
          <IconButton
            icon="compose"
            label={strings.newChat}
            onClick={() => {
              history.hide()
              void chat.open(null)
            }}
          />
          <IconButton icon="close" label={strings.close} onClick={() => history.hide()} />
        </div>
        <div class="history-list" aria-busy={state.loading} inert={doomed !== null}>
          {state.failure && (
            <div part="failure" class="failure" role="alert">
              <Icon name="circle-alert" />
              <p>{state.failure}</p>
              <button type="button" class="button" onClick={() => void history.load(true)}>
                {strings.tryAgain}
              </button>
            </div>
          )}
          {AGES.filter((age) => byAge[age]).map((age) => (
            <section key={age}>
              <h3>{titles[age]}</h3>
              <ul>
                {byAge[age]?.map((entry) => (
                  <HistoryRow
                    key={entry.id}
                    entry={entry}
                    isCurrent={entry.id === chat.threadId}
                    onDelete={() => setDoomed(entry)}
                  />
                ))}
              </ul>
            </section>
          ))}
          {state.loading && !state.loaded && <p class="history-note">{strings.loading}</p>}
          {state.loaded && state.chats.length === 0 && !state.failure && <p class="history-note">{strings.noChats}</p>}
          {state.after && (
            <button
              type="button"
              class="quiet-button"
              disabled={state.loading}
              onClick={() => void history.load(false)}
            >
              {state.loading ? strings.loading : strings.loadMore}
            </button>
          )}
        </div>
        {doomed && <DeleteQuestion entry={doomed} onClose={() => setDoomed(null)} />}
      </div>
    </div>
  )
}

/**
 * Moves the focus into the panel when it opens, and back when it closes. The page behind is inert,
 * so the focus cannot leave the panel.
 */
function useFocusInside(panel: { current: HTMLElement | null }, open: boolean): void {
  const before = useRef<HTMLElement | null>(null)
  useLayoutEffect(() => {
    if (!open) return
    const root = panel.current?.getRootNode() as ShadowRoot | undefined
    before.current =
      (root?.activeElement as HTMLElement | null) ?? root?.querySelector<HTMLElement>('[data-opens-history]') ?? null
    panel.current?.focus()
  }, [open, panel])
  useEffect(() => {
    if (!open) return
    return () => {
      const target = before.current
      requestAnimationFrame(() => {
        // If something else has taken the focus meanwhile, it keeps it.
        const root = target?.getRootNode()
        if (target && root instanceof ShadowRoot && !root.activeElement) target.focus()
      })
    }
  }, [open])
}
