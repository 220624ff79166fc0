import type { ReactNode } from 'react'
import { Shell } from '#app/ui/layout/shell.tsx'

export default function SharedLayout({ children }: { children: ReactNode }) {
  return <Shell fill>{children}</Shell>
}
