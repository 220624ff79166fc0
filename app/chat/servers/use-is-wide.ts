'use client'

import { useSyncExternalStore } from 'react'

/** Below this width, a panel beside the chat would leave too little for it. */
const WIDE = '(min-width: 64rem)'

/** True if the page has room for a panel beside the chat. */
export function useIsWide(): boolean {
  return useSyncExternalStore(
    (notify) => {
      const query = matchMedia(WIDE)
      query.addEventListener('change', notify)
      return () => query.removeEventListener('change', notify)
    },
    () => matchMedia(WIDE).matches,
    () => true,
  )
}
