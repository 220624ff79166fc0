import { cookies } from 'next/headers'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { readTranslate } from '#app/language/page-language.ts'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { findPerson } from '#lib/data/people/users.ts'
import { Mark, Wordmark } from './mark.tsx'
import { NavLinks } from './nav-links.tsx'
import { PersonMenu } from './person-menu.tsx'
import { readTheme, THEME_COOKIE } from './theme-cookie.ts'

/**
 * The frame of every page behind sign-in: navigation at the side, or a bar at the top on a phone.
 * `fill` gives the page the whole area (the chat) instead of a padded column. Layouts use it; pages
 * must still require their caller.
 */
export async function Shell({ children, fill = false }: { children: ReactNode; fill?: boolean }) {
  const t = await readTranslate()
  const caller = await requirePageCaller()
  const person = await findPerson(caller.userId)
  const theme = readTheme((await cookies()).get(THEME_COOKIE)?.value)
  return (
    <div className={`flex flex-col md:flex-row ${fill ? 'h-dvh' : 'min-h-dvh'}`}>
      <a
        href="#content"
        className="sr-only z-50 rounded-md bg-accent px-4 py-2 text-on-accent focus:not-sr-only focus:fixed focus:start-3 focus:top-3"
      >
        {t('Skip to content')}
      </a>
      <header className="sticky top-0 z-40 flex h-14 shrink-0 items-center gap-2 border-b border-line bg-surface px-3 md:h-dvh md:w-60 md:flex-col md:items-stretch md:gap-6 md:border-e md:border-b-0 md:p-4">
        <Link href="/chat" aria-label={t('Switchboard, start page')} className="rounded-md md:px-2 md:pt-1">
          <span className="hidden md:block">
            <Wordmark />
          </span>
          <Mark className="size-8 md:hidden" />
        </Link>
        <nav aria-label={t('Main')} className="ms-auto md:ms-0 md:flex-1">
          <NavLinks admin={caller.role === 'admin'} />
        </nav>
        <PersonMenu name={person?.name ?? ''} email={person?.email ?? ''} theme={theme} />
      </header>
      <main
        id="content"
        tabIndex={-1}
        className={`min-w-0 flex-1 outline-none ${fill ? 'min-h-0' : 'px-4 py-6 sm:px-8 sm:py-8'}`}
      >
        {fill ? children : <div className="mx-auto max-w-5xl">{children}</div>}
      </main>
    </div>
  )
}
