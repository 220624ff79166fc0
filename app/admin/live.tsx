'use client'

import { Pause, Play } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { startTransition, useEffect, useEffectEvent, useState } from 'react'
import { Button } from '#app/ui/button.tsx'

/** Delay (ms) before reconnecting after the server refused a stream. */
const AGAIN_MS = 10_000

/**
 * Refreshes the page while it is visible, so that new calls and runs appear by themselves, until
 * the person pauses it. Refreshes at most once every `everySeconds`.
 */
export function Live({ everySeconds = 2 }: { everySeconds?: number }) {
  const router = useRouter()
  const [paused, setPaused] = useState(false)
  const [broken, setBroken] = useState(false)
  const refresh = useEffectEvent(() => startTransition(() => router.refresh()))

  useEffect(() => {
    if (paused) return
    let stream: EventSource | undefined
    let later: ReturnType<typeof setTimeout> | undefined
    let due: ReturnType<typeof setTimeout> | undefined
    const refreshSoon = () => {
      due ??= setTimeout(() => {
        due = undefined
        refresh()
      }, everySeconds * 1000)
    }
    const close = () => {
      clearTimeout(later)
      clearTimeout(due)
      due = undefined
      stream?.close()
      stream = undefined
    }
    const follow = () => {
      close()
      if (document.hidden) return
      stream = new EventSource('/api/admin/changes')
      // Catches up on what happened while the page was hidden.
      stream.onopen = () => {
        setBroken(false)
        refresh()
      }
      stream.onmessage = refreshSoon
      stream.onerror = () => {
        setBroken(true)
        // EventSource reconnects by itself after a broken connection, but not after a refusal.
        if (stream?.readyState === EventSource.CLOSED) later = setTimeout(follow, AGAIN_MS)
      }
    }
    follow()
    document.addEventListener('visibilitychange', follow)
    return () => {
      document.removeEventListener('visibilitychange', follow)
      close()
    }
  }, [paused, everySeconds])

  return (
    <div className="flex items-center gap-3">
      <span role="status" className="inline-flex items-center gap-2 text-sm text-ink-faint">
        <span
          aria-hidden
          className={`size-2 rounded-full ${paused || broken ? 'bg-ink-faint' : 'animate-breathe bg-ok motion-reduce:animate-none'}`}
        />
        {paused ? 'Paused' : broken ? 'Connecting' : 'Live'}
      </span>
      <Button size="sm" onClick={() => setPaused(!paused)}>
        {paused ? <Play aria-hidden className="size-4" /> : <Pause aria-hidden className="size-4" />}
        {paused ? 'Resume' : 'Pause'}
      </Button>
    </div>
  )
}
