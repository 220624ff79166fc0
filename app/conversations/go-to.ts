'use client'

import { usePathname, useRouter } from 'next/navigation'
import { openChat } from './open-chat.ts'

/** The conversation that an address names, or null. */
export function threadIn(path: string): string | null {
  return /^\/chat\/(thr_[\w-]{1,80})$/.exec(path)?.[1] ?? null
}

/** The address of a conversation, or of a new one. */
export function pathTo(threadId: string | null): string {
  return threadId === null ? '/chat' : `/chat/${threadId}`
}

/** The conversation on the screen, and a function that opens one, or a new one for null. */
export function useGoTo(): { current: string | null; goTo: (threadId: string | null) => void } {
  const router = useRouter()
  const path = usePathname()
  const goTo = (threadId: string | null) => {
    const to = pathTo(threadId)
    if (!openChat.isThere) return router.push(to)
    // The chat follows the address (use-thread-address.ts), so that no page has to be fetched.
    if (location.pathname !== to) history.pushState(null, '', to)
    if (threadId === null) openChat.focus()
  }
  return { current: threadIn(path), goTo }
}
