'use client'

import { Archive, ArrowLeft } from 'lucide-react'
import { type ReactNode, useEffect, useEffectEvent, useRef, useState } from 'react'
import { type Conversation, NOT_LOADED } from '#app/conversations/ask-conversations.ts'
import { useGoTo } from '#app/conversations/go-to.ts'
import { useConversations } from '#app/conversations/use-conversations.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import { ConversationRow } from './conversation-row.tsx'
import { UndoBars } from './undo-bars.tsx'

/**
 * The person's conversations, the pinned ones first, or those of the archive. More are loaded as one
 * scrolls. `onOpened` is called when one was chosen.
 */
export function ConversationRows({ personId, onOpened }: { personId: string; onOpened?: () => void }) {
  const { list, state } = useConversations(personId)
  const { current, goTo } = useGoTo()
  const t = useTranslate()
  const nav = useRef<HTMLElement>(null)
  const [deleted, setDeleted] = useState<{ id: string; wasOpen: boolean } | null>(null)
  const { rows, pinned, deletions, after, isArchive, isLoading, problem } = state

  const toRow = (row: Conversation): ReactNode => (
    <ConversationRow
      key={row.id}
      row={row}
      list={list}
      isCurrent={row.id === current}
      onOpen={() => {
        goTo(row.id)
        onOpened?.()
      }}
      onDelete={() => {
        const wasOpen = row.id === current
        setDeleted({ id: row.id, wasOpen })
        if (wasOpen) goTo(null)
        void list.remove(row)
      }}
    />
  )
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-2">
      <nav
        ref={nav}
        aria-label={isArchive ? t('Archived conversations') : t('Conversations')}
        className="-mx-1 min-h-0 flex-1 overflow-y-auto overscroll-contain px-1"
      >
        {problem && (
          <div className="pb-2">
            <Notice
              tone="bad"
              announce
              action={
                <Button size="sm" onClick={() => void list.refresh()}>
                  {t('Try again')}
                </Button>
              }
            >
              {problem === NOT_LOADED ? t(NOT_LOADED) : problem}
            </Notice>
          </div>
        )}
        {!rows && !problem && <Skeleton lines={6} label={t('Loading the conversations')} />}
        {pinned.length > 0 && (
          <>
            <h2 className="px-2.5 pt-1 pb-1 text-xs font-medium text-ink-faint">{t('Pinned')}</h2>
            <ul className="pb-2">{pinned.map(toRow)}</ul>
          </>
        )}
        {rows && (pinned.length > 0 || isArchive) && (
          <h2 className="px-2.5 pt-1 pb-1 text-xs font-medium text-ink-faint">
            {isArchive ? t('Archived conversations') : t('Latest')}
          </h2>
        )}
        {rows && <ul>{rows.map(toRow)}</ul>}
        {rows?.length === 0 && pinned.length === 0 && (
          <p className="px-2.5 py-2 text-sm text-ink-faint">
            {isArchive ? t('Nothing is in the archive.') : t('Your conversations will appear here.')}
          </p>
        )}
        {/* Looks again after each reading, because one that is under way lets no other begin. */}
        {after !== null && !problem && <More key={`${after} ${isLoading}`} onSeen={() => void list.loadMore()} />}
      </nav>
      <UndoBars
        deletions={deletions}
        list={list}
        takesFocus={deleted?.id ?? null}
        onFocusLost={() => nav.current?.querySelector('a')?.focus()}
        onUndone={(id) => {
          if (deleted?.id === id && deleted.wasOpen) goTo(id)
        }}
      />
      <Button tone="quiet" size="sm" className="justify-start!" onClick={() => void list.showArchive(!isArchive)}>
        {isArchive ? (
          <ArrowLeft aria-hidden className="size-4 rtl:rotate-180" />
        ) : (
          <Archive aria-hidden className="size-4" />
        )}
        {isArchive ? t('Back to your conversations') : t('Archived conversations')}
      </Button>
    </div>
  )
}

/** The end of what is loaded. `onSeen` is called when it is scrolled near. */
function More({ onSeen }: { onSeen: () => void }) {
  const t = useTranslate()
  const mark = useRef<HTMLParagraphElement>(null)
  const load = useEffectEvent(onSeen)
  useEffect(() => {
    const observer = new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && load(), {
      rootMargin: '200px',
    })
    if (mark.current) observer.observe(mark.current)
    return () => observer.disconnect()
  }, [])
  return (
    <p ref={mark} className="px-2.5 py-2 text-sm text-ink-faint">
      {t('Loading more')}
    </p>
  )
}
