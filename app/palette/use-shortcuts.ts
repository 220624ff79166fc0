'use client'

import { useEffect, useEffectEvent } from 'react'
import { askChatKit } from '#app/conversations/ask-conversations.ts'
import type { ConversationList } from '#app/conversations/conversation-list.ts'
import { useGoTo } from '#app/conversations/go-to.ts'
import { openChat } from '#app/conversations/open-chat.ts'
import { copyLastAnswer } from './copy-last-answer.ts'
import { findShortcut, type ShortcutId } from './shortcuts.ts'

/** What is open over the page and has Escape for itself, and the arrows. */
const OVERLAY = '[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]'

/** Does something. False if there is nothing to do, so that the key keeps its usual meaning. */
export type Deeds = Record<ShortcutId, () => boolean>

/** Listens to the shortcuts on the whole page. Returns what each of them does, for the palette. */
export function useShortcuts({
  list,
  search,
  help,
  sidebar,
}: {
  list: ConversationList
  search: () => void
  help: () => void
  sidebar: () => void
}): Deeds {
  const { current, goTo } = useGoTo()

  const step = (by: 1 | -1): boolean => {
    const { pinned, rows } = list.read()
    const all = [...pinned, ...(rows ?? [])]
    const at = all.findIndex(({ id }) => id === current)
    const next = at < 0 ? all[by > 0 ? 0 : -1] : all[at + by]
    if (next) goTo(next.id)
    return all.length > 0
  }
  const done = (work: () => void) => () => {
    work()
    return true
  }
  const deeds: Deeds = {
    new: done(() => goTo(null)),
    search: done(search),
    help: done(help),
    sidebar: done(sidebar),
    previous: () => step(-1),
    next: () => step(1),
    focus: () => {
      if (openChat.isThere) openChat.focus()
      return openChat.isThere
    },
    stop: () => {
      const { threadId, isAnswering } = openChat
      if (threadId === null || !isAnswering) return false
      void askChatKit('threads.stop', { thread_id: threadId })
      return true
    },
    copy: () => {
      if (openChat.threadId === null) return false
      void copyLastAnswer(openChat.threadId)
      return true
    },
  }

  const press = useEffectEvent((event: KeyboardEvent) => {
    const id = event.defaultPrevented ? null : findShortcut(event)
    if (id === null || (id !== 'search' && document.querySelector(OVERLAY))) return
    if (deeds[id]()) event.preventDefault()
  })
  useEffect(() => {
    const listener = (event: KeyboardEvent) => press(event)
    addEventListener('keydown', listener)
    return () => removeEventListener('keydown', listener)
  }, [])
  return deeds
}
