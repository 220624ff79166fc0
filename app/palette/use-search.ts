'use client'

import { useEffect, useState } from 'react'
import { type Found, search } from '#app/conversations/ask-conversations.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'

/** How long (ms) nothing is typed before the server is asked. */
const PAUSE_MS = 150
/** How often the server is asked again while it works out what older messages say. */
const AGAIN_MS = 300
const AGAIN_MAX = 200

/**
 * What the server finds for the typed text, and a sentence about how far it is. Nothing is shown for
 * a text that is no longer typed.
 */
export function useSearch(typed: string): { found: Found | null; status: string } {
  const t = useTranslate()
  const query = typed.trim()
  const [answer, setAnswer] = useState<{ query: string; found: Found | null; problem: string } | null>(null)

  useEffect(() => {
    let isOver = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async (times: number) => {
      const sent = await search(query)
      if (isOver) return
      setAnswer({ query, found: sent.ok ? sent.data : null, problem: sent.ok ? '' : sent.message })
      if (sent.ok && !sent.data.is_complete && times < AGAIN_MAX)
        timer = setTimeout(() => void ask(times + 1), AGAIN_MS)
    }
    timer = setTimeout(() => void ask(0), query ? PAUSE_MS : 0)
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [query])

  const current = answer?.query === query ? answer : null
  if (!current) return { found: null, status: t('Searching') }
  if (current.problem) return { found: null, status: current.problem }
  return { found: current.found, status: current.found?.is_complete ? '' : t('Looking through older messages') }
}
