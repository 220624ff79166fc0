'use client'

import { useSyncExternalStore } from 'react'

const never = () => () => {}

/**
 * The secret after the # of the page's address: null while the server renders, '' if there is none.
 */
export function useFragment(): string | null {
  return useSyncExternalStore(
    never,
    () => window.location.hash.slice(1),
    () => null,
  )
}
