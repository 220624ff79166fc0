import type { ReactNode } from 'react'
import { ClientSentences } from '#app/language/client-sentences.tsx'
import { Shell } from '#app/ui/layout/shell.tsx'

export default function ChatLayout({ children }: { children: ReactNode }) {
  return (
    <Shell fill>
      <ClientSentences rooms={['chat', 'settings']}>{children}</ClientSentences>
    </Shell>
  )
}
