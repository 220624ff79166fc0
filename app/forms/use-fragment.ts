'use client'

import { useSyncExternalStore } from 'react'

const never = () => () => {}

/** The secret behind the # of this page's address; null while the page is made, '' when there is none. */
export function useFragment(): string | null {
  return useSyncExternalStore(
    never,
    () => window.location.hash.slice(1),
    () => null,
  )
}
