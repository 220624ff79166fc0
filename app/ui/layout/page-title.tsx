'use client'

import { useEffect } from 'react'

/**
 * Sets the document's title on the client, if the requested page has already set the title of
 * something that does not exist.
 */
export function PageTitle({ title }: { title: string }) {
  useEffect(() => {
    document.title = title
  }, [title])
  return null
}
