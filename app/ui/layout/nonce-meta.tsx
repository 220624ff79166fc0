'use client'

import { useState } from 'react'

/**
 * Tells React Aria the nonce for its style elements. A refresh brings the nonce of its own request, which the document's
 * policy does not know: the first one stays.
 */
export function NonceMeta({ nonce }: { nonce: string }) {
  const [first] = useState(nonce)
  return <meta property="csp-nonce" nonce={first} suppressHydrationWarning />
}
