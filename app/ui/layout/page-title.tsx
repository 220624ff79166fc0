'use client'

import { useEffect } from 'react'

/** Names the document, where the page that was asked for has given it the title of what is not there. */
export function PageTitle({ title }: { title: string }) {
  useEffect(() => {
    document.title = title
  }, [title])
  return null
}
