import type { ReactNode } from 'react'
import { Shell } from '#app/ui/layout/shell.tsx'

export default function ChatLayout({ children }: { children: ReactNode }) {
  return <Shell fill>{children}</Shell>
}
