'use client'

import { useCallback, useRef, useState } from 'react'
import type { ChatAssistant } from './chat-assistant.ts'

/**
 * Who answers the next new conversation: the one that the page names (`asked`), then the one that
 * the person chooses. An open conversation has its own, so the choice ends there.
 */
export function useChosenAssistant(
  assistants: readonly [ChatAssistant, ...ChatAssistant[]],
  asked: string | undefined,
  startsNew: boolean,
) {
  const [first] = assistants
  const [slug, setSlug] = useState(asked ?? first.slug)
  const [isNew, setIsNew] = useState(startsNew)
  const chosen = assistants.find((assistant) => assistant.slug === slug) ?? first
  const sent = useRef<string | undefined>(undefined)
  sent.current = chosen === first ? undefined : chosen.slug
  const noteThread = useCallback(
    (threadId: string | null) => {
      setIsNew(threadId === null)
      if (threadId !== null) setSlug(first.slug)
    },
    [first.slug],
  )
  return { chosen, isDefault: chosen === first, isNew, choose: setSlug, sent, noteThread }
}
