import type { ReactNode } from 'react'
import { ClientSentences } from '#app/language/client-sentences.tsx'
import { Shell } from '#app/ui/layout/shell.tsx'

export default function SharedLayout({ children }: { children: ReactNode }) {
  return (
    <Shell fill>
      <ClientSentences rooms={['chat', 'shares']}>{children}</ClientSentences>
    </Shell>
  )
}
