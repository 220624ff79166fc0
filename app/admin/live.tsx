'use client'

import { Pause, Play } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { startTransition, useEffect, useEffectEvent, useState } from 'react'
import { Button } from '#app/ui/button.tsx'

/** How long (ms) to wait after a stream was refused. */
const AGAIN_MS = 10_000

/** Keeps the page up to date while it is looked at: new calls and runs appear by themselves, until paused. `everySeconds`: at most so often. */
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
      // What happened while nobody looked.
      stream.onopen = () => {
        setBroken(false)
        refresh()
      }
      stream.onmessage = refreshSoon
      stream.onerror = () => {
        setBroken(true)
        // One that was only cut comes back by itself.
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
        {paused ? 'Go on' : 'Pause'}
      </Button>
    </div>
  )
}
