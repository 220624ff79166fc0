'use client'

import { usePathname } from 'next/navigation'
import { useEffect, useState } from 'react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import type { ConversationList } from './conversation-list.ts'
import { openChat } from './open-chat.ts'
import { useConversations } from './use-conversations.ts'

const DOT = '● '
const NAME = 'Switchboard'

/**
 * Names the tab after the conversation on the screen. A dot before the name tells of an answer that
 * has ended, or waits, somewhere that the person does not look at.
 */
export function useTabTitle(personId: string, current: string | null): void {
  const { list, state } = useConversations(personId)
  const path = usePathname()
  const t = useTranslate()
  const known = current === null ? null : list.find(current)?.title
  const read = useTitleOf(list, current, known)
  const elsewhere = [...state.pinned, ...(state.rows ?? [])].some(
    (row) => row.id !== current && (row.state === 'unseen' || row.state === 'waiting'),
  )
  const isDotted = useHasEndedHidden() || elsewhere
  const isChat = path === '/chat' || path.startsWith('/chat/')

  useEffect(() => {
    const rename = () => {
      const plain = document.title.startsWith(DOT) ? document.title.slice(DOT.length) : document.title
      const named = isChat ? `${(known ?? read) || t('Chat')} · ${NAME}` : plain
      const wanted = isDotted ? DOT + named : named
      if (document.title !== wanted) document.title = wanted
    }
    rename()
    // A page that was fetched brings a title of its own, maybe after this.
    const observer = new MutationObserver(rename)
    observer.observe(document.head, { childList: true, subtree: true, characterData: true })
    return () => observer.disconnect()
  }, [isChat, isDotted, known, read, t])
}

/** The title of a conversation that is not among the loaded ones. */
function useTitleOf(list: ConversationList, current: string | null, known: string | null | undefined): string | null {
  const [read, setRead] = useState<{ id: string; title: string | null } | null>(null)
  const isLoaded = list.read().rows !== null
  useEffect(() => {
    if (current === null || known !== undefined || !isLoaded) return
    let isOver = false
    void list.readTitle(current).then((title) => isOver || setRead({ id: current, title }))
    return () => {
      isOver = true
    }
  }, [list, current, known, isLoaded])
  return read?.id === current ? (read?.title ?? null) : null
}

/** True if an answer has ended in this tab while nobody looked at it. */
function useHasEndedHidden(): boolean {
  const [hasEnded, setEnded] = useState(false)
  useEffect(() => {
    const stop = openChat.subscribeToEnds(() => document.hidden && setEnded(true))
    const look = () => document.hidden || setEnded(false)
    document.addEventListener('visibilitychange', look)
    return () => {
      stop()
      document.removeEventListener('visibilitychange', look)
    }
  }, [])
  return hasEnded
}
