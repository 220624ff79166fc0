import type { ReactNode } from 'react'
import { Shell } from '../ui/shell.tsx'

export default function ActivityLayout({ children }: { children: ReactNode }) {
  return <Shell>{children}</Shell>
}
