'use client'

import { Activity, Gauge, type LucideIcon, MessageSquareText, Settings } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import type { Sentence } from '#lib/platform/language/sentences.ts'

const PLACES: { href: string; label: Sentence; icon: LucideIcon; adminOnly?: true }[] = [
  { href: '/chat', label: 'Chat', icon: MessageSquareText },
  { href: '/activity', label: 'Activity', icon: Activity },
  { href: '/settings', label: 'Settings', icon: Settings },
  { href: '/admin', label: 'Admin', icon: Gauge, adminOnly: true },
]

/**
 * The main navigation. On a phone only the current page shows its name; the others are icons with
 * names for screen readers, as in the collapsed sidebar.
 */
export function NavLinks({ admin, isCollapsed = false }: { admin: boolean; isCollapsed?: boolean }) {
  const t = useTranslate()
  const path = usePathname()
  return (
    <ul className="flex gap-1 md:flex-col">
      {PLACES.filter((place) => admin || !place.adminOnly).map(({ href, label, icon: Icon }) => {
        const here = path === href || path.startsWith(`${href}/`)
        return (
          <li key={href}>
            <Link
              href={href}
              aria-current={here ? 'page' : undefined}
              title={isCollapsed ? t(label) : undefined}
              className="flex h-10 items-center gap-2.5 rounded-md px-2.5 text-ink-soft transition-colors hover:bg-sunken hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent-strong"
            >
              <Icon aria-hidden className="size-5 shrink-0" />
              <span className={`${here ? '' : 'max-md:sr-only'} ${isCollapsed ? 'md:sr-only' : ''}`}>{t(label)}</span>
            </Link>
          </li>
        )
      })}
    </ul>
  )
}
