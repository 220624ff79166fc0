import type { ReactNode } from 'react'
import { Shell } from '../ui/shell.tsx'

export default function ChatLayout({ children }: { children: ReactNode }) {
  return <Shell fill>{children}</Shell>
}
