'use client'

import { usePathname } from 'next/navigation'
import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react'

const PATH = /^\/chat\/(thr_[\w-]{1,80})$/

const threadOf = (path: string) => PATH.exec(path)?.[1] ?? null

/**
 * Keeps the open conversation and the page's address equal, both ways. `initial` is the one that the address named first;
 * `follow` writes a change of the chat into the address, as a new entry of the history, so that Back and Forward walk through
 * conversations; `open` is called when the address changes (a link, Back, Forward). `noteAnswer` has to hear of each answer that
 * begins: the conversation that it makes of a new chat takes the new chat's entry.
 */
export function useThreadAddress(open: (threadId: string | null) => void): {
  initial: string | null
  follow: (threadId: string | null) => void
  noteAnswer: () => void
} {
  const path = usePathname()
  const [initial] = useState(() => threadOf(path))
  const shown = useRef(initial)
  const isAnswering = useRef(false)
  const openLatest = useEffectEvent(open)

  useEffect(() => {
    const wanted = threadOf(path)
    if (wanted === shown.current) return
    shown.current = wanted
    openLatest(wanted)
  }, [path])

  const follow = useCallback((threadId: string | null) => {
    const isBorn = shown.current === null && isAnswering.current
    isAnswering.current = false
    if (shown.current === threadId) return
    shown.current = threadId
    const next = threadId ? `/chat/${threadId}` : '/chat'
    if (location.pathname === next) return
    if (isBorn) history.replaceState(null, '', next)
    else history.pushState(null, '', next)
  }, [])
  const noteAnswer = useCallback(() => {
    isAnswering.current = true
  }, [])
  return { initial, follow, noteAnswer }
}
