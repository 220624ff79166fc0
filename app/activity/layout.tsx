import type { ReactNode } from 'react'
import { Shell } from '#app/ui/layout/shell.tsx'

export default function ActivityLayout({ children }: { children: ReactNode }) {
  return <Shell>{children}</Shell>
}
