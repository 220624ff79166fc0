'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useEffect, useRef } from 'react'

type Tab = {
  href: string
  label: string
  /** Matches only this address, not those below it. */
  exact?: boolean
}

const BESIDE =
  'lg:mb-0 lg:rounded-md lg:border-b-0 lg:px-2.5 lg:whitespace-normal lg:hover:bg-sunken lg:aria-[current=page]:bg-accent-soft lg:aria-[current=page]:text-accent-strong'

/**
 * The second level of navigation as links: each tab is a page. `isBeside`: on a wide screen they are a column beside
 * the page.
 */
export function Tabs({ label, tabs, isBeside = false }: { label: string; tabs: Tab[]; isBeside?: boolean }) {
  const path = usePathname()
  const nav = useRef<HTMLElement>(null)

  // biome-ignore lint/correctness/useExhaustiveDependencies: each page has its own tab
  useEffect(() => {
    // Not all tabs fit on a phone, so the current one is scrolled into view.
    const here = nav.current?.querySelector<HTMLElement>('[aria-current=page]')
    if (nav.current && here) nav.current.scrollLeft = here.offsetLeft - (nav.current.clientWidth - here.offsetWidth) / 2
  }, [path])

  const under = (href: string) => path === href || path.startsWith(`${href}/`)
  return (
    <nav
      ref={nav}
      aria-label={label}
      className={`relative -mx-4 mb-6 overflow-x-auto border-b border-line px-4 sm:mx-0 sm:px-0 ${isBeside ? 'lg:sticky lg:top-8 lg:mb-0 lg:self-start lg:border-b-0' : ''}`}
    >
      <ul className={`flex gap-1 ${isBeside ? 'lg:flex-col' : ''}`}>
        {tabs.map(({ href, label: name, exact }) => {
          const here = exact ? path === href : under(href)
          return (
            <li key={href}>
              <Link
                href={href}
                aria-current={here ? 'page' : undefined}
                className={`-mb-px block border-b-2 border-transparent px-3 py-2 whitespace-nowrap text-ink-soft transition-colors hover:text-ink aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-ink ${isBeside ? BESIDE : ''}`}
              >
                {name}
              </Link>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}
