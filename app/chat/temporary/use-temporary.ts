'use client'

import { useCallback, useEffect, useRef, useState } from 'react'

/** Where this tab keeps which temporary conversation it shows, so that a reload finds it again. */
const KEY = 'temporary-conversation'

/**
 * Temporary conversations of this tab. `isChosen`: the next new conversation is one. `threadId` is
 * the one on the screen. It ends when the person opens another conversation; if the page is closed, in a
 * few minutes, because a reload looks the same.
 */
export function useTemporary(initial: string | null) {
  const [isChosen, setChosen] = useState(false)
  const [threadId, setThreadId] = useState<string | null>(null)
  const now = useRef({ isChosen, threadId })
  now.current.isChosen = isChosen
  /** True between the request that begins a temporary conversation and its thread. */
  const born = useRef(false)

  const show = useCallback((next: string | null) => {
    now.current.threadId = next
    setThreadId(next)
    if (next === null) sessionStorage.removeItem(KEY)
    else sessionStorage.setItem(KEY, next)
  }, [])

  useEffect(() => {
    if (initial !== null && sessionStorage.getItem(KEY) === initial) show(initial)
    const tell = (isOpen: boolean) => {
      if (now.current.threadId !== null) tellPage(now.current.threadId, isOpen)
    }
    const open = () => tell(true)
    const close = () => tell(false)
    open()
    addEventListener('pageshow', open)
    addEventListener('pagehide', close)
    return () => {
      close()
      removeEventListener('pageshow', open)
      removeEventListener('pagehide', close)
    }
  }, [initial, show])

  const noteThread = useCallback(
    (next: string | null) => {
      const { threadId: shown, isChosen: isNew } = now.current
      if (shown !== null && shown !== next) {
        end(shown)
        show(null)
      }
      if (next !== null && isNew) {
        // A choice is for a new conversation. One that is opened from the list is not made temporary.
        if (born.current) show(next)
        setChosen(false)
      }
      born.current = false
    },
    [show],
  )

  /** The request, which makes the new conversation temporary if that is chosen. */
  const withTemporary = useCallback((init: RequestInit | undefined): RequestInit | undefined => {
    if (!now.current.isChosen || typeof init?.body !== 'string') return init
    const body = JSON.parse(init.body) as { type?: unknown; params?: object }
    if (body.type !== 'threads.create') return init
    born.current = true
    return { ...init, body: JSON.stringify({ ...body, params: { ...body.params, temporary: true } }) }
  }, [])

  return { isChosen, choose: setChosen, threadId, noteThread, withTemporary }
}

function tellPage(threadId: string, isOpen: boolean): void {
  void send(`/api/me/conversations/${threadId}/page`, 'PUT', { is_open: isOpen })
}

function end(threadId: string): void {
  void send('/api/chatkit', 'POST', { type: 'threads.delete', params: { thread_id: threadId } })
}

/** Goes on after the page is closed. If it fails, the server ends the conversation by itself later. */
async function send(path: string, method: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  await fetch(path, { method, headers, body: JSON.stringify(body), keepalive: true }).catch(() => undefined)
}
