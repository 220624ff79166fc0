'use client'

import { type ComponentProps, useRef, useState } from 'react'
import type { Off } from './ask-servers.ts'
import type { ServersPanel } from './servers-panel.tsx'
import { findUnsent, rememberUnsent, withSwitches } from './unsent-switches.ts'

/**
 * Whether the panel of servers and tools is open, for which conversation, and what is off before it
 * begins, which a reload keeps. `withSwitches` adds that to the request that begins it.
 */
export function useServersPanel(
  initial: string | null,
  personId: string,
): {
  isOpen: boolean
  toggle: () => void
  noteThread: (threadId: string | null) => void
  withSwitches: (init: RequestInit | undefined) => RequestInit | undefined
  content: Omit<ComponentProps<typeof ServersPanel>, 'assistant'>
} {
  const [isOpen, setOpen] = useState(false)
  const [threadId, setThreadId] = useState(initial)
  const [unsent, setUnsent] = useState<readonly Off[]>(() => (initial === null ? findUnsent(personId) : []))
  const shown = useRef(initial)
  const opener = useRef<HTMLElement | null>(null)

  function changeUnsent(off: readonly Off[]): void {
    setUnsent(off)
    rememberUnsent(personId, off)
  }
  function close(): void {
    setOpen(false)
    // After the panel is gone, the button that opened it has the focus again.
    setTimeout(() => opener.current?.focus())
  }
  return {
    isOpen,
    toggle: () => {
      if (isOpen) return close()
      opener.current = findFocused()
      setOpen(true)
    },
    noteThread: (next) => {
      // The chat also says so when it has loaded.
      if (next === shown.current) return
      shown.current = next
      setThreadId(next)
      changeUnsent([])
    },
    withSwitches: (init) => withSwitches(init, unsent),
    content: { threadId, unsent, keepUnsent: changeUnsent, onClose: close },
  }
}

/** What has the focus, also inside the chat's shadow root. */
function findFocused(): HTMLElement | null {
  let focused = document.activeElement
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement
  return focused instanceof HTMLElement ? focused : null
}
