import type { ReactNode } from 'react'
import { ClientSentences } from '#app/language/client-sentences.tsx'
import { Shell } from '#app/ui/layout/shell.tsx'

export default function ActivityLayout({ children }: { children: ReactNode }) {
  return (
    <Shell>
      <ClientSentences rooms={['calls']}>{children}</ClientSentences>
    </Shell>
  )
}
