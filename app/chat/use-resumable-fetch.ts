'use client'

import { useEffect, useMemo, useRef } from 'react'
import { makeResumableFetch } from './resumable-fetch.ts'

/** A stream aborted within this time (ms) of leaving a conversation counts as left, not stopped. */
const LEAVING_MS = 1_000
/**
 * The chat reports a change of conversation up to this long (ms) after it aborts the old one's
 * stream.
 */
const SETTLE_MS = 300

/**
 * `send` for the chat, with streams that survive a lost network. An aborted stream stops its answer
 * at the server. Call `noteThread` at each change of conversation. `onLost` reads the conversation
 * again.
 */
export function useResumableFetch(
  send: typeof fetch,
  onLost: () => void,
): { fetch: typeof fetch; noteThread: (threadId: string | null) => void } {
  const latest = useRef({ send, onLost })
  latest.current = { send, onLost }
  const left = useRef<{ to: string | null | undefined; at: number }>({ to: undefined, at: 0 })

  useEffect(() => {
    const leave = () => {
      left.current = { to: undefined, at: Number.POSITIVE_INFINITY }
    }
    const come = () => {
      left.current = { to: undefined, at: 0 }
    }
    come()
    addEventListener('pagehide', leave)
    // The browser may show this page again from its back-forward cache.
    addEventListener('pageshow', come)
    return () => {
      removeEventListener('pagehide', leave)
      removeEventListener('pageshow', come)
      leave()
    }
  }, [])

  return useMemo(
    () => ({
      fetch: makeResumableFetch((...request) => latest.current.send(...request), {
        hasLeft: async (threadId) => {
          const givenUp = Date.now()
          await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
          const { to, at } = left.current
          return to !== threadId && at > givenUp - LEAVING_MS
        },
        onLost: () => latest.current.onLost(),
      }),
      noteThread: (threadId) => {
        left.current = { to: threadId, at: Date.now() }
      },
    }),
    [],
  )
}
