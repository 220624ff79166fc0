'use client'

import { Check, ChevronsUpDown, LogOut, Settings } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { signOut } from 'next-auth/react'
import { useState } from 'react'
import { Button, Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover, Separator } from 'react-aria-components'
import { forgetDrafts } from '#app/chat/drafts.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Notice } from '#app/ui/notice.tsx'
import type { Sentence } from '#lib/platform/language/sentences.ts'
import { readTheme, THEME_COOKIE, type Theme } from './theme-cookie.ts'

const THEMES: { id: Theme; label: Sentence }[] = [
  { id: 'system', label: 'As the system' },
  { id: 'light', label: 'Light' },
  { id: 'dark', label: 'Dark' },
]
const YEAR_SECONDS = 31_536_000
const ITEM =
  'flex h-9 items-center gap-2.5 rounded-sm px-2.5 outline-none data-focused:bg-accent-soft data-focused:text-accent-strong data-pressed:bg-accent-soft'

function applyTheme(theme: Theme) {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in Firefox and Safari
  document.cookie = `${THEME_COOKIE}=${theme}; path=/; max-age=${theme === 'system' ? 0 : YEAR_SECONDS}; samesite=lax`
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

/** The signed-in person's menu: theme, settings and sign-out. */
export function PersonMenu({ name, email, theme: remembered }: { name: string; email: string; theme: Theme }) {
  const t = useTranslate()
  const router = useRouter()
  const [theme, setTheme] = useState(remembered)
  const [stuck, setStuck] = useState(false)

  async function leave() {
    setStuck(false)
    try {
      await signOut({ redirect: false })
      forgetDrafts()
      location.assign('/sign-in')
    } catch {
      setStuck(true)
    }
  }

  return (
    <div className="relative">
      <MenuTrigger>
        <Button className="flex items-center gap-2.5 rounded-md p-1 text-start hover:bg-sunken md:w-full md:p-1">
          <span
            aria-hidden
            className="grid size-8 shrink-0 place-items-center rounded-full bg-accent-soft text-sm font-semibold text-accent-strong"
          >
            {initials(name || email)}
          </span>
          <span className="max-md:sr-only min-w-0 flex-1 truncate text-sm font-medium md:group-data-collapsed/side:sr-only">
            {name}
            <span className="sr-only">{t(', your menu')}</span>
          </span>
          <ChevronsUpDown
            aria-hidden
            className="hidden size-4 shrink-0 text-ink-faint md:block md:group-data-collapsed/side:hidden"
          />
        </Button>
        <Popover
          placement="bottom end"
          className="animate-appear w-64 overflow-auto rounded-lg border border-line bg-surface p-1.5 shadow-raised"
        >
          <div className="px-2.5 py-2">
            <p className="truncate font-medium">{name}</p>
            <p className="truncate text-sm text-ink-faint">{email}</p>
          </div>
          <Menu aria-label={t('Your menu')} className="outline-none">
            <Separator className="my-1.5 border-t border-line" />
            <MenuSection
              selectionMode="single"
              disallowEmptySelection
              selectedKeys={[theme]}
              onSelectionChange={(keys) => {
                const next = readTheme(String([...(keys as Set<string>)][0]))
                setTheme(next)
                applyTheme(next)
              }}
            >
              <Header className="px-2.5 pb-1 text-xs font-medium text-ink-faint">{t('Theme')}</Header>
              {THEMES.map(({ id, label }) => (
                <MenuItem key={id} id={id} textValue={t(label)} className={ITEM} shouldCloseOnSelect={false}>
                  {({ isSelected }) => (
                    <>
                      <Check aria-hidden className={`size-4 ${isSelected ? '' : 'invisible'}`} />
                      {t(label)}
                    </>
                  )}
                </MenuItem>
              ))}
            </MenuSection>
            <Separator className="my-1.5 border-t border-line" />
            <MenuItem className={ITEM} onAction={() => router.push('/settings')}>
              <Settings aria-hidden className="size-4" />
              {t('Settings')}
            </MenuItem>
            <MenuItem className={ITEM} onAction={leave}>
              <LogOut aria-hidden className="size-4" />
              {t('Sign out')}
            </MenuItem>
          </Menu>
        </Popover>
      </MenuTrigger>
      {stuck && (
        <div className="absolute end-0 top-full z-50 mt-2 w-64 md:top-auto md:bottom-full md:mb-2">
          <Notice tone="bad" announce>
            {t('Signing out did not work: the server cannot be reached. Try again.')}
          </Notice>
        </div>
      )}
    </div>
  )
}

function initials(name: string): string {
  const words = name.split(/[\s@.]+/).filter(Boolean)
  return ((words[0]?.[0] ?? '') + (words.length > 1 ? (words.at(-1)?.[0] ?? '') : '')).toUpperCase()
}
