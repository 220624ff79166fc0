'use client'

import { usePathname } from 'next/navigation'
import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react'

const PATH = /^\/chat\/(thr_[\w-]{1,80})$/

const threadOf = (path: string) => PATH.exec(path)?.[1] ?? null

/**
 * Keeps the open conversation and the page's address equal, both ways. `initial` is the one that the address named first;
 * `follow` writes a change of the chat into the address; `open` is called when the address changes (a link, the back button).
 */
export function useThreadAddress(open: (threadId: string | null) => void): {
  initial: string | null
  follow: (threadId: string | null) => void
} {
  const path = usePathname()
  const [initial] = useState(() => threadOf(path))
  const shown = useRef(initial)
  const openLatest = useEffectEvent(open)

  useEffect(() => {
    const wanted = threadOf(path)
    if (wanted === shown.current) return
    shown.current = wanted
    openLatest(wanted)
  }, [path])

  const follow = useCallback((threadId: string | null) => {
    shown.current = threadId
    const next = threadId ? `/chat/${threadId}` : '/chat'
    if (location.pathname !== next) history.replaceState(null, '', next)
  }, [])
  return { initial, follow }
}
