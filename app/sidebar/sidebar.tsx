'use client'

import { PanelLeftClose, PanelLeftOpen, PenSquare, Search, X } from 'lucide-react'
import Link from 'next/link'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { useGoTo } from '#app/conversations/go-to.ts'
import { useConversations, useListUpkeep } from '#app/conversations/use-conversations.ts'
import { useTabTitle } from '#app/conversations/use-tab-title.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Palette } from '#app/palette/palette.tsx'
import { ShortcutDialog } from '#app/palette/shortcut-dialog.tsx'
import { useKeysText } from '#app/palette/shortcuts.ts'
import { useShortcuts } from '#app/palette/use-shortcuts.ts'
import { Button } from '#app/ui/button.tsx'
import { Mark, Wordmark } from '#app/ui/layout/mark.tsx'
import { NavLinks } from '#app/ui/layout/nav-links.tsx'
import { ConversationRows } from './conversation-rows.tsx'
import { SIDEBAR_COOKIE } from './sidebar-cookie.ts'

const YEAR_SECONDS = 31_536_000
/** From this width on, the sidebar is a column; below, it is a bar with a drawer. */
const COLUMN = '(min-width: 48rem)'

type Props = {
  personId: string
  isAdmin: boolean
  /** Whether the person has collapsed it. */
  isCollapsed: boolean
  /** The person's menu. */
  children: ReactNode
}

/**
 * The side of every page behind sign-in: a new conversation, search, the main navigation and the
 * person's conversations. It can be collapsed to its icons. On a phone it is a bar at the top, with
 * the conversations in a drawer.
 */
export function Sidebar({ personId, isAdmin, isCollapsed: wasCollapsed, children }: Props) {
  const [isCollapsed, setCollapsed] = useState(wasCollapsed)
  const [open, setOpen] = useState<'drawer' | 'palette' | 'shortcuts' | null>(null)
  const { list } = useConversations(personId)
  const { current, goTo } = useGoTo()
  useListUpkeep(list, current)
  useTabTitle(personId, current)

  const toggle = () => {
    if (!matchMedia(COLUMN).matches) return setOpen((now) => (now === 'drawer' ? null : 'drawer'))
    const next = !isCollapsed
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in Firefox and Safari
    document.cookie = `${SIDEBAR_COOKIE}=collapsed; path=/; max-age=${next ? YEAR_SECONDS : 0}; samesite=lax`
    setCollapsed(next)
  }
  const does = useShortcuts({
    list,
    search: () => setOpen('palette'),
    help: () => setOpen('shortcuts'),
    sidebar: toggle,
  })
  const t = useTranslate()
  const toKeysText = useKeysText()
  const label = isCollapsed ? 'md:sr-only' : ''

  return (
    <header
      data-collapsed={isCollapsed || undefined}
      className="group/side sticky top-0 z-40 flex h-14 shrink-0 items-center gap-1 border-b border-line bg-surface px-3 md:h-dvh md:w-64 md:flex-col md:items-stretch md:gap-3 md:border-e md:border-b-0 md:p-3 md:data-collapsed:w-16"
    >
      <Button
        tone="quiet"
        size="icon"
        aria-label={t('Conversations')}
        className="md:hidden"
        onClick={() => setOpen('drawer')}
      >
        <PanelLeftOpen aria-hidden className="size-5 rtl:-scale-x-100" />
      </Button>
      <div className="flex items-center justify-between gap-1 md:group-data-collapsed/side:flex-col">
        <Link href="/chat" aria-label={t('Switchboard, start page')} className="flex rounded-md md:px-1">
          <span className="hidden md:block md:group-data-collapsed/side:hidden">
            <Wordmark />
          </span>
          <Mark className="size-8 md:hidden md:group-data-collapsed/side:block" />
        </Link>
        <Button
          tone="quiet"
          size="icon"
          aria-label={isCollapsed ? t('Show the sidebar') : t('Collapse the sidebar')}
          aria-expanded={!isCollapsed}
          title={toKeysText('sidebar')}
          className="max-md:hidden!"
          onClick={toggle}
        >
          {isCollapsed ? (
            <PanelLeftOpen aria-hidden className="size-5 rtl:-scale-x-100" />
          ) : (
            <PanelLeftClose aria-hidden className="size-5 rtl:-scale-x-100" />
          )}
        </Button>
      </div>
      <div className="hidden gap-1 md:grid">
        <Beginning label={label} onNew={() => goTo(null)} onSearch={() => setOpen('palette')} />
      </div>
      <nav aria-label={t('Main')} className="ms-auto md:ms-0">
        <NavLinks admin={isAdmin} isCollapsed={isCollapsed} />
      </nav>
      <div className={`hidden min-h-0 flex-1 flex-col md:flex ${isCollapsed ? 'md:invisible' : ''}`}>
        {!isCollapsed && <ConversationRows personId={personId} />}
      </div>
      {children}
      {open === 'drawer' && (
        <Drawer onClose={() => setOpen(null)}>
          <Beginning
            label=""
            onNew={() => {
              setOpen(null)
              goTo(null)
            }}
            onSearch={() => setOpen('palette')}
          />
          <ConversationRows personId={personId} onOpened={() => setOpen(null)} />
        </Drawer>
      )}
      {open === 'palette' && <Palette isAdmin={isAdmin} does={does} onClose={() => setOpen(null)} />}
      {open === 'shortcuts' && <ShortcutDialog onClose={() => setOpen(null)} />}
    </header>
  )
}

const ENTRY = 'justify-start! gap-2.5! px-2.5!'

/** The two ways to begin: something new, or something found. */
function Beginning({ label, onNew, onSearch }: { label: string; onNew: () => void; onSearch: () => void }) {
  const t = useTranslate()
  const toKeysText = useKeysText()
  return (
    <>
      <Button className={ENTRY} onClick={onNew} title={toKeysText('new')}>
        <PenSquare aria-hidden className="size-5 shrink-0" />
        <span className={label}>{t('New conversation')}</span>
      </Button>
      <Button tone="quiet" className={ENTRY} onClick={onSearch} title={toKeysText('search')}>
        <Search aria-hidden className="size-5 shrink-0" />
        <span className={label}>{t('Search')}</span>
        <kbd className={`ms-auto font-sans text-xs font-normal text-ink-faint max-md:hidden ${label && 'hidden'}`}>
          {toKeysText('search')}
        </kbd>
      </Button>
    </>
  )
}

function Drawer({ onClose, children }: { onClose: () => void; children: ReactNode }) {
  const t = useTranslate()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <ModalOverlay
      isOpen
      isDismissable
      onOpenChange={(isOpen) => isOpen || onClose()}
      className="animate-appear fixed inset-0 z-50 flex bg-shade"
    >
      <Modal className="flex h-full w-80 max-w-[86vw] flex-col border-e border-line bg-surface shadow-raised">
        <Dialog className="flex min-h-0 flex-1 flex-col gap-2 p-3 outline-none">
          <div className="flex items-center justify-between ps-1">
            <Heading slot="title" ref={heading} tabIndex={-1} className="text-lg font-semibold outline-none">
              {t('Conversations')}
            </Heading>
            <Button tone="quiet" size="icon" aria-label={t('Close')} onClick={onClose}>
              <X aria-hidden className="size-5" />
            </Button>
          </div>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}
