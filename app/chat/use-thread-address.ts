'use client'

import { usePathname } from 'next/navigation'
import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react'
import { pathTo, threadIn } from '#app/conversations/go-to.ts'

/**
 * Keeps the open conversation and the page's address in step, both ways. `initial` is the
 * conversation that the address named at first. `follow` writes a change in the chat into the
 * address as a new history entry, so that Back and Forward move between conversations. `open` is
 * called when the address changes (a link, Back, Forward). Call `noteAnswer` at the start of each
 * answer: a conversation that it creates from a new chat replaces the new chat's entry.
 */
export function useThreadAddress(open: (threadId: string | null) => void): {
  initial: string | null
  follow: (threadId: string | null) => void
  noteAnswer: () => void
} {
  const path = usePathname()
  const [initial] = useState(() => threadIn(path))
  const shown = useRef(initial)
  const isAnswering = useRef(false)
  const openLatest = useEffectEvent(open)

  useEffect(() => {
    const wanted = threadIn(path)
    if (wanted === shown.current) return
    shown.current = wanted
    openLatest(wanted)
  }, [path])

  const follow = useCallback((threadId: string | null) => {
    const isBorn = shown.current === null && isAnswering.current
    isAnswering.current = false
    if (shown.current === threadId) return
    shown.current = threadId
    const next = pathTo(threadId)
    if (location.pathname === next) return
    if (isBorn) history.replaceState(null, '', next)
    else history.pushState(null, '', next)
  }, [])
  const noteAnswer = useCallback(() => {
    isAnswering.current = true
  }, [])
  return { initial, follow, noteAnswer }
}
