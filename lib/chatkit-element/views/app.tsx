import type { ChatKitOptions } from '@openai/chatkit'
import { useCallback, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { Chat } from '#lib/chatkit-element/chat.ts'
import { findDirection, type Strings } from '#lib/chatkit-element/language/strings.ts'
import { type Signal, useSignal } from '#lib/chatkit-element/signal.ts'
import { loadFonts, toTheme, toThemeVariables } from '#lib/chatkit-element/styles/theme.ts'
import { useFileDrop } from '#lib/chatkit-element/views/composer/use-file-drop.ts'
import { Conversation } from '#lib/chatkit-element/views/conversation/conversation.tsx'
import { Dock } from '#lib/chatkit-element/views/dock.tsx'
import { Header } from '#lib/chatkit-element/views/header.tsx'
import { HistoryPanel } from '#lib/chatkit-element/views/history/history-panel.tsx'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { StartScreen } from '#lib/chatkit-element/views/start-screen.tsx'
import { UiContext } from '#lib/chatkit-element/views/use-ui.ts'

type Props = {
  chat: Chat
  options: Signal<ChatKitOptions | null>
  strings: Strings
  locale: string
  callsUrl: string | null
  filesUrl: string | null
  rightActionLabel: string | null
  shareLabel: string | null
  withVersions: boolean
  withWaiting: boolean
  withPins: boolean
}

/** The whole element: header, conversation or start screen, composer, history. */
export function App({
  chat,
  options,
  strings,
  locale,
  callsUrl,
  filesUrl,
  rightActionLabel,
  shareLabel,
  withVersions,
  withWaiting,
  withPins,
}: Props) {
  const current = useSignal(options) as ChatKitOptions
  const ui = useMemo(
    () => ({
      ...{ chat, options: current, strings, locale, callsUrl, filesUrl, rightActionLabel, shareLabel },
      ...{ withVersions, withWaiting, withPins },
    }),
    [
      chat,
      current,
      strings,
      locale,
      callsUrl,
      filesUrl,
      rightActionLabel,
      shareLabel,
      withVersions,
      withWaiting,
      withPins,
    ],
  )
  const state = useSignal(chat.state)
  const historyOpen = useSignal(chat.history.state).open
  const root = useRef<HTMLElement>(null)
  useTheme(root, current)
  useKeyboardInset(root)
  const addFiles = useCallback((files: File[]) => chat.files.add(files), [chat])
  const canAttach =
    current.composer?.attachments?.enabled === true && (state.view.thread?.status.type ?? 'active') === 'active'
  const hovering = useFileDrop(root, canAttach, addFiles)
  // If the page sets no locale, an English text follows the page's own direction.
  const direction = current.locale ? findDirection(current.locale) : findDirection(locale) === 'rtl' && 'rtl'
  const isStart = state.view.items.length === 0 && state.phase !== 'loading' && state.view.thread === null
  return (
    <UiContext.Provider value={ui}>
      <section
        ref={root}
        part="root"
        class="root"
        lang={locale}
        aria-label={current.frameTitle ?? strings.chat}
        {...(direction && { dir: direction })}
      >
        <div class="page" inert={historyOpen}>
          <Header />
          {isStart ? <StartScreen /> : <Conversation state={state} />}
          <Dock state={state} />
        </div>
        <HistoryPanel />
        {hovering && (
          <div class="drop-zone" aria-hidden="true">
            <Icon name="paperclip" size={26} />
            {strings.dropFiles}
          </div>
        )}
        <div class="sr-only" role="status">
          {state.announcement}
        </div>
      </section>
    </UiContext.Provider>
  )
}

function useTheme(root: { current: HTMLElement | null }, options: ChatKitOptions): void {
  useLayoutEffect(() => {
    const element = root.current
    if (!element) return
    const theme = toTheme(options.theme)
    const variables = toThemeVariables(theme)
    element.dataset.scheme = theme.colorScheme ?? 'inherit'
    element.dataset.accent = theme.color?.accent ? 'set' : 'none'
    for (const [name, value] of Object.entries(variables)) element.style.setProperty(name, value)
    loadFonts(theme)
    return () => {
      for (const name of Object.keys(variables)) element.style.removeProperty(name)
    }
  }, [options.theme, root])
}

/**
 * A phone's keyboard covers the page without resizing it; the composer moves up by the covered
 * height.
 */
function useKeyboardInset(root: { current: HTMLElement | null }): void {
  useLayoutEffect(() => {
    const viewport = window.visualViewport
    if (!viewport) return
    const measure = () => {
      const bottom = root.current?.getBoundingClientRect().bottom ?? 0
      const covered = viewport.scale > 1.01 ? 0 : Math.max(0, bottom - viewport.offsetTop - viewport.height)
      root.current?.style.setProperty('--keyboard', `${covered > 80 ? Math.round(covered) : 0}px`)
    }
    viewport.addEventListener('resize', measure)
    viewport.addEventListener('scroll', measure)
    return () => {
      viewport.removeEventListener('resize', measure)
      viewport.removeEventListener('scroll', measure)
    }
  }, [root])
}
