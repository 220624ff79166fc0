'use client'

import { useState } from 'react'

/**
 * Gives React Aria the nonce for its style elements. A refresh brings its own request's nonce,
 * which the document's policy does not know, so the first one is kept.
 */
export function NonceMeta({ nonce }: { nonce: string }) {
  const [first] = useState(nonce)
  return <meta property="csp-nonce" nonce={first} suppressHydrationWarning />
}
