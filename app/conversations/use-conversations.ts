'use client'

import { useEffect, useSyncExternalStore } from 'react'
import { followChanges } from '#app/forms/follow-changes.ts'
import { type ConversationList, listOf } from './conversation-list.ts'
import { openChat } from './open-chat.ts'

/** The person's list, and what it shows now. Use `useListUpkeep` once on a page as well. */
export function useConversations(personId: string): {
  list: ConversationList
  state: ReturnType<ConversationList['read']>
} {
  const list = listOf(personId)
  const state = useSyncExternalStore(list.subscribe, list.read, list.read)
  return { list, state }
}

/**
 * Keeps the list up to date while the page is visible, and marks the conversation on the screen as
 * seen.
 */
export function useListUpkeep(list: ConversationList, current: string | null): void {
  const state = useSyncExternalStore(list.subscribe, list.read, list.read)

  useEffect(() => followChanges('/api/me/conversations/changes', () => void list.refresh()), [list])
  // A new conversation appears when its answer begins, without waiting for a hint.
  useEffect(() => openChat.subscribe(() => void list.refresh()), [list])
  // At once: a person who leaves now has seen it.
  useEffect(
    () =>
      openChat.subscribeToEnds(() => {
        const { threadId } = openChat
        if (threadId !== null && !document.hidden) void list.change(threadId, { is_seen: true })
      }),
    [list],
  )

  const isUnseen = current !== null && list.find(current)?.state === 'unseen'
  useEffect(() => {
    if (!isUnseen || current === null) return
    const markSeen = () => {
      if (!document.hidden) void list.change(current, { is_seen: true })
    }
    markSeen()
    document.addEventListener('visibilitychange', markSeen)
    return () => document.removeEventListener('visibilitychange', markSeen)
  }, [isUnseen, current, list])

  const next = Math.min(...state.deletions.map(({ until }) => until))
  useEffect(() => {
    if (!Number.isFinite(next)) return
    const timer = setTimeout(() => list.dropOver(), Math.max(0, next - Date.now()) + 20)
    return () => clearTimeout(timer)
  }, [next, list])
}
