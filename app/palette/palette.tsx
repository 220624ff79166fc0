'use client'

import { CornerDownRight, FileText, MessageSquareText, Search, Zap } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { type ComponentProps, type ReactNode, useState } from 'react'
import {
  Autocomplete,
  Dialog,
  Header,
  Input,
  Menu,
  MenuItem,
  MenuSection,
  Modal,
  ModalOverlay,
  SearchField,
} from 'react-aria-components'
import { useGoTo } from '#app/conversations/go-to.ts'
import { openChat } from '#app/conversations/open-chat.ts'
import { UNTITLED } from '#app/conversations/untitled.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { AssistantMark } from '#app/ui/assistant-mark.tsx'
import { listPlaces } from './places.ts'
import { SHORTCUTS, type ShortcutId, useKeysText } from './shortcuts.ts'
import { useSearch } from './use-search.ts'
import type { Deeds } from './use-shortcuts.ts'

type Entry = { id: string; label: string; icon: ReactNode; detail?: ReactNode; act: () => void }
type Group = { name: string; entries: Entry[]; isMessages?: boolean }

const ITEM =
  'flex min-h-10 cursor-pointer items-center gap-3 rounded-md px-2.5 py-1.5 outline-none data-focused:bg-accent-soft data-focused:text-accent-strong'
const ICON = 'size-4.5 shrink-0 text-ink-faint'

/** What the palette can do; searching is what it is. */
const COMMANDS: ShortcutId[] = ['new', 'focus', 'stop', 'copy', 'previous', 'next', 'sidebar', 'help']

/**
 * Finds conversations, messages, assistants, pages and commands by what is typed, and goes there or
 * does it.
 */
export function Palette({ isAdmin, does, onClose }: { isAdmin: boolean; does: Deeds; onClose: () => void }) {
  const router = useRouter()
  const { goTo } = useGoTo()
  const t = useTranslate()
  const keysOf = useKeysText()
  const [typed, setTyped] = useState('')
  const { found, status } = useSearch(typed)
  const wanted = typed.trim().toLowerCase()
  const isWanted = ({ label }: { label: string }) => label.toLowerCase().includes(wanted)

  const groups: Group[] = [
    {
      name: wanted ? t('Conversations') : t('Latest conversations'),
      entries: (found?.conversations ?? []).map(({ id, title, is_archived }) => ({
        id,
        label: title || t(UNTITLED),
        icon: <MessageSquareText aria-hidden className={ICON} />,
        ...(is_archived && { detail: t('In the archive') }),
        act: () => goTo(id),
      })),
    },
    {
      isMessages: true,
      name: t('Messages'),
      entries: (found?.messages ?? []).map(({ id, thread_id, title, is_own, snippet }) => ({
        id,
        label: snippet.replaceAll('**', ''),
        icon: <FileText aria-hidden className={ICON} />,
        detail: (
          <>
            <Marked text={snippet} />
            <span className="block truncate text-xs text-ink-faint">
              {is_own ? t('You') : t('Answer')} · <bdi>{title || t(UNTITLED)}</bdi>
            </span>
          </>
        ),
        act: () => goTo(thread_id),
      })),
    },
    {
      name: t('Assistants'),
      entries: (found?.assistants ?? []).map(({ slug, name, ...look }) => ({
        id: `assistant ${slug}`,
        label: name,
        icon: <AssistantMark {...(look as ComponentProps<typeof AssistantMark>)} />,
        act: () => router.push(`/chat?${new URLSearchParams({ assistant: slug })}`),
      })),
    },
    {
      name: t('Pages'),
      entries: listPlaces(isAdmin)
        .map((place) => ({
          href: place.href,
          label: 'label' in place ? t(place.label) : `${t('Admin')}: ${place.english.toLowerCase()}`,
        }))
        .filter(isWanted)
        .map(({ href, label }) => ({
          id: href,
          label,
          icon: <CornerDownRight aria-hidden className={ICON} />,
          act: () => router.push(href),
        })),
    },
    {
      name: t('Commands'),
      entries: [
        ...COMMANDS.map((id) => ({
          id: `do-${id}`,
          label: t(SHORTCUTS[id].label),
          detail: keysOf(id),
          act: () => void does[id](),
        })),
        ...(openChat.isThere
          ? [
              {
                id: 'do-servers',
                label: t('Servers and tools of this conversation'),
                act: () => openChat.toggleServers(),
              },
            ]
          : []),
      ]
        .filter(isWanted)
        .map((entry) => ({ ...entry, icon: <Zap aria-hidden className={ICON} /> })),
    },
  ].filter(({ entries }) => entries.length > 0)
  const all = groups.flatMap(({ entries }) => entries)

  const choose = (entry: Entry | undefined) => {
    if (!entry) return
    onClose()
    // After the palette has given the focus back.
    setTimeout(entry.act)
  }
  return (
    <ModalOverlay
      isOpen
      isDismissable
      onOpenChange={(isOpen) => isOpen || onClose()}
      className="animate-appear fixed inset-0 z-50 bg-shade sm:px-4 sm:pt-[12vh]"
    >
      <Modal className="mx-auto flex h-full w-full flex-col overflow-hidden border-line bg-surface shadow-raised sm:h-auto sm:max-h-[70vh] sm:max-w-xl sm:rounded-lg sm:border">
        <Dialog aria-label={t('Search')} className="flex min-h-0 flex-1 flex-col outline-none">
          <Autocomplete inputValue={typed} onInputChange={setTyped}>
            <SearchField
              aria-label={t('Search conversations, messages, pages and commands')}
              autoFocus
              onSubmit={() => choose(all[0])}
              className="flex shrink-0 items-center gap-2.5 border-b border-line px-4"
            >
              <Search aria-hidden className="size-5 shrink-0 text-ink-faint" />
              <Input
                placeholder={t('Search')}
                maxLength={200}
                className="h-13 min-w-0 flex-1 bg-transparent text-lg outline-none placeholder:text-ink-faint [&::-webkit-search-cancel-button]:hidden"
              />
            </SearchField>
            <Menu
              aria-label={t('What was found')}
              // It scrolls, and the focus stays in the field above.
              ref={(menu) => menu?.setAttribute('tabindex', '0')}
              className="min-h-0 flex-1 overflow-y-auto p-2 outline-none"
              renderEmptyState={() => <p className="px-2.5 py-2 text-ink-faint">{status || t('Nothing was found.')}</p>}
            >
              {groups.map(({ name, entries, isMessages = false }) => (
                <MenuSection key={name} aria-label={name} className="pb-2">
                  <Header className="px-2.5 pt-1 pb-1 text-xs font-medium text-ink-faint">{name}</Header>
                  {entries.map((entry) => (
                    <MenuItem
                      key={entry.id}
                      id={entry.id}
                      textValue={entry.label}
                      className={ITEM}
                      onAction={() => choose(entry)}
                    >
                      {entry.icon}
                      {isMessages ? (
                        <span className="min-w-0 flex-1">{entry.detail}</span>
                      ) : (
                        <>
                          <span className="min-w-0 flex-1 truncate">
                            <bdi>{entry.label}</bdi>
                          </span>
                          {entry.detail && <span className="text-xs text-ink-faint">{entry.detail}</span>}
                        </>
                      )}
                    </MenuItem>
                  ))}
                </MenuSection>
              ))}
            </Menu>
          </Autocomplete>
          <p role="status" className="border-t border-line px-4 py-2 text-xs text-ink-faint empty:hidden">
            {all.length > 0 && status}
          </p>
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

/** An extract, with what was found in it marked. */
function Marked({ text }: { text: string }) {
  return (
    <bdi className="line-clamp-2 text-sm">
      {text.split('**').map((part, at) =>
        at % 2 === 1 ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text, in their order
          <mark key={at} className="rounded-xs bg-accent-soft font-medium text-accent-strong">
            {part}
          </mark>
        ) : (
          part
        ),
      )}
    </bdi>
  )
}
