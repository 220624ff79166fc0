'use client'

import { useCallback, useRef, useState } from 'react'

/** What our element says when its share button is pressed. */
const SHARE = 'switchboard.share'

/**
 * The conversation whose sharing dialog is open; null if none is. `listen` is the ref of a box around the
 * chat's element, whose share button opens it for the conversation on the screen.
 */
export function useShareDialog(initial: string | null) {
  const shown = useRef(initial)
  const [threadId, setThreadId] = useState<string | null>(null)
  const listen = useCallback((box: HTMLElement | null) => {
    if (!box) return
    const open = () => setThreadId(shown.current)
    box.addEventListener(SHARE, open)
    return () => box.removeEventListener(SHARE, open)
  }, [])
  const noteThread = useCallback((next: string | null) => {
    shown.current = next
    setThreadId(null)
  }, [])
  return { threadId, listen, noteThread, close: () => setThreadId(null) }
}
