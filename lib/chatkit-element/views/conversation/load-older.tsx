import { useEffect, useRef } from 'preact/hooks'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** How far (px) above the screen earlier messages are loaded before the person gets there. */
const AHEAD_PX = 800

type Props = {
  scroller: { current: HTMLElement | null }
  /** The cursor of the earlier messages. */
  older: string
  loading: boolean
}

/**
 * The top of a thread that has earlier messages. They are loaded when it comes near the screen. If
 * that fails, and for the keyboard, it is a button.
 */
export function LoadOlder({ scroller, older, loading }: Props) {
  const { chat, strings } = useUi()
  const button = useRef<HTMLButtonElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: with the next cursor it may load again.
  useEffect(() => {
    if (!button.current) return
    const near = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) void chat.loadOlder()
      },
      { root: scroller.current, rootMargin: `${AHEAD_PX}px 0px 0px` },
    )
    near.observe(button.current)
    return () => near.disconnect()
  }, [chat, scroller, older])
  return (
    <button
      ref={button}
      type="button"
      class="quiet-button load-older"
      disabled={loading}
      onClick={() => void chat.loadOlder()}
    >
      {loading ? strings.loading : strings.loadOlder}
    </button>
  )
}
