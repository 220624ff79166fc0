'use client'

import { Archive, ArchiveRestore, Ellipsis, Pencil, Pin, PinOff, Trash2 } from 'lucide-react'
import { type MouseEvent, useEffect, useRef, useState } from 'react'
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import type { Conversation } from '#app/conversations/ask-conversations.ts'
import type { ConversationList } from '#app/conversations/conversation-list.ts'
import { pathTo } from '#app/conversations/go-to.ts'
import { UNTITLED } from '#app/conversations/untitled.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { TextInput } from '#app/ui/forms/field.tsx'
import type { Sentence } from '#lib/platform/language/sentences.ts'

const TITLE_MAX = 200
const ITEM =
  'flex h-9 items-center gap-2.5 rounded-sm px-2.5 outline-none data-focused:bg-accent-soft data-focused:text-accent-strong'
const STATES = {
  running: 'is being answered',
  waiting: 'waits for you',
  unseen: 'has a new answer',
} satisfies Record<string, Sentence>

type Props = {
  row: Conversation
  list: ConversationList
  isCurrent: boolean
  onOpen: () => void
  onDelete: () => void
}

/** One conversation of the list: a link that opens it, and a menu that changes it. */
export function ConversationRow({ row, list, isCurrent, onOpen, onDelete }: Props) {
  const [isRenaming, setRenaming] = useState(false)
  const link = useRef<HTMLAnchorElement>(null)
  const t = useTranslate()
  const title = row.title || t(UNTITLED)
  if (isRenaming)
    return (
      <RenameForm
        title={row.title ?? ''}
        onDone={(name) => {
          setRenaming(false)
          if (name) void list.rename(row.id, name)
          setTimeout(() => link.current?.focus())
        }}
      />
    )
  const open = (event: MouseEvent) => {
    // The browser opens another tab or window itself.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return
    event.preventDefault()
    onOpen()
  }
  // What the list shows of the answer: not for the conversation that is on the screen.
  const state = isCurrent && row.state !== 'running' ? null : row.state
  return (
    <li className="group relative">
      <a
        ref={link}
        href={pathTo(row.id)}
        onClick={open}
        aria-current={isCurrent ? 'page' : undefined}
        title={title}
        className="flex min-h-9 items-center gap-2 rounded-md py-1.5 ps-2.5 pe-9 text-sm text-ink-soft hover:bg-sunken hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent-strong"
      >
        <span className="min-w-0 flex-1 truncate">
          <bdi>{title}</bdi>
        </span>
        {state && (
          <span
            className={`size-2 shrink-0 rounded-full ${state === 'running' ? 'animate-breathe bg-ink-faint motion-reduce:animate-none' : state === 'waiting' ? 'bg-warn' : 'bg-accent'}`}
          >
            <span className="sr-only">{t(STATES[state])}</span>
          </span>
        )}
      </a>
      <MenuTrigger>
        <Button
          aria-label={t('Actions for {title}', { title })}
          className="absolute end-1 top-1/2 grid size-7 -translate-y-1/2 place-items-center rounded-sm text-ink-faint hover:bg-line hover:text-ink pointer-fine:opacity-0 pointer-fine:group-focus-within:opacity-100 pointer-fine:group-hover:opacity-100 data-pressed:opacity-100 aria-expanded:opacity-100"
        >
          <Ellipsis aria-hidden className="size-4" />
        </Button>
        <Popover
          placement="bottom end"
          className="animate-appear w-48 overflow-auto rounded-lg border border-line bg-surface p-1.5 shadow-raised"
        >
          <Menu aria-label={t('Actions for {title}', { title })} className="outline-none">
            <MenuItem className={ITEM} onAction={() => setRenaming(true)}>
              <Pencil aria-hidden className="size-4" />
              {t('Rename')}
            </MenuItem>
            {!row.is_archived && (
              <MenuItem className={ITEM} onAction={() => void list.change(row.id, { is_pinned: !row.is_pinned })}>
                {row.is_pinned ? <PinOff aria-hidden className="size-4" /> : <Pin aria-hidden className="size-4" />}
                {row.is_pinned ? t('Unpin') : t('Pin')}
              </MenuItem>
            )}
            <MenuItem className={ITEM} onAction={() => void list.change(row.id, { is_archived: !row.is_archived })}>
              {row.is_archived ? (
                <ArchiveRestore aria-hidden className="size-4" />
              ) : (
                <Archive aria-hidden className="size-4" />
              )}
              {row.is_archived ? t('Take out of the archive') : t('Archive')}
            </MenuItem>
            <MenuItem className={`${ITEM} text-bad`} onAction={onDelete}>
              <Trash2 aria-hidden className="size-4" />
              {t('Delete')}
            </MenuItem>
          </Menu>
        </Popover>
      </MenuTrigger>
    </li>
  )
}

/** `onDone` gets the new title, or null if it stays as it was. */
function RenameForm({ title, onDone }: { title: string; onDone: (title: string | null) => void }) {
  const t = useTranslate()
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    // The menu that opened this gives the focus back when it closes.
    const timer = setTimeout(() => field.current?.select(), 50)
    return () => clearTimeout(timer)
  }, [])
  const save = () => {
    const name = field.current?.value.trim() ?? ''
    onDone(name && name !== title ? name : null)
  }
  return (
    <li>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          save()
        }}
      >
        <TextInput
          ref={field}
          aria-label={t('New title')}
          defaultValue={title}
          maxLength={TITLE_MAX}
          dir="auto"
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return
            event.preventDefault()
            event.stopPropagation()
            onDone(null)
          }}
          onBlur={save}
        />
      </form>
    </li>
  )
}
