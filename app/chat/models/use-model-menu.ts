'use client'

import { useRef, useState } from 'react'
import type { ModelMenu } from './read-model-menu.ts'

type Option = { id: string; label: string; description?: string; default?: boolean }

/** What a request says of the model: the chosen one, and the conversation if there is one yet. */
type Sent = { params?: { thread_id?: string; input?: { inference_options?: { model?: string } } } }

/**
 * The composer's menu of models. Each conversation shows what was chosen for it last, a new one the
 * person's last choice. `select` is called to show a choice. Call `noteSent` with each request's
 * body and `noteThread` at each change of conversation.
 */
export function useModelMenu(
  { entries, last, ofThreads }: ModelMenu,
  initialThread: string | null,
  select: (id: string) => void,
): { options: Option[]; noteSent: (body: unknown) => void; noteThread: (threadId: string | null) => void } {
  const known = useRef({ last, threads: new Map(Object.entries(ofThreads)), unborn: undefined as string | undefined })
  const [options] = useState(() => {
    const [first] = entries
    const shown = (initialThread === null ? last : ofThreads[initialThread]) ?? first?.id
    return entries.map((entry) => ({ ...entry, default: entry.id === shown }))
  })

  function noteSent(body: unknown): void {
    if (entries.length === 0 || typeof body !== 'string' || !body.includes('inference_options')) return
    const { params } = JSON.parse(body) as Sent
    const model = params?.input?.inference_options?.model
    if (model === undefined) return
    known.current.last = model
    if (params?.thread_id === undefined) known.current.unborn = model
    else known.current.threads.set(params.thread_id, model)
  }

  function noteThread(threadId: string | null): void {
    const { threads, unborn } = known.current
    known.current.unborn = undefined
    if (entries.length === 0) return
    // A conversation that has just begun was not known before.
    if (threadId !== null && unborn !== undefined && !threads.has(threadId)) threads.set(threadId, unborn)
    select((threadId === null ? known.current.last : threads.get(threadId)) ?? entries[0]?.id ?? '')
  }

  return { options, noteSent, noteThread }
}
