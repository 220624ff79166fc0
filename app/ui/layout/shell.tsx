import { cookies } from 'next/headers'
import type { ReactNode } from 'react'
import { ClientSentences } from '#app/language/client-sentences.tsx'
import { readTranslate } from '#app/language/page-language.ts'
import { Sidebar } from '#app/sidebar/sidebar.tsx'
import { SIDEBAR_COOKIE } from '#app/sidebar/sidebar-cookie.ts'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { findPerson } from '#lib/data/people/users.ts'
import { PersonMenu } from './person-menu.tsx'
import { readTheme, THEME_COOKIE } from './theme-cookie.ts'

/**
 * The frame of every page behind sign-in: the sidebar, or a bar at the top on a phone.
 * `fill` gives the page the whole area (the chat) instead of a padded column. Layouts use it; pages
 * must still require their caller.
 */
export async function Shell({ children, fill = false }: { children: ReactNode; fill?: boolean }) {
  const t = await readTranslate()
  const caller = await requirePageCaller()
  const person = await findPerson(caller.userId)
  const cookie = await cookies()
  const theme = readTheme(cookie.get(THEME_COOKIE)?.value)
  return (
    <div className={`flex flex-col md:flex-row ${fill ? 'h-dvh' : 'min-h-dvh'}`}>
      <a
        href="#content"
        className="sr-only z-50 rounded-md bg-accent px-4 py-2 text-on-accent focus:not-sr-only focus:fixed focus:start-3 focus:top-3"
      >
        {t('Skip to content')}
      </a>
      <ClientSentences rooms={['sidebar']}>
        <Sidebar
          personId={caller.userId}
          isAdmin={caller.role === 'admin'}
          isCollapsed={cookie.get(SIDEBAR_COOKIE)?.value === 'collapsed'}
        >
          <PersonMenu name={person?.name ?? ''} email={person?.email ?? ''} theme={theme} />
        </Sidebar>
      </ClientSentences>
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
