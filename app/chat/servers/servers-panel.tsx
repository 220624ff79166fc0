'use client'

import { X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'
import { Field, TextInput } from '#app/ui/forms/field.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import type { Sentence } from '#lib/platform/language/sentences.ts'
import type { Off, Server } from './ask-servers.ts'
import { ServerSection } from './server-section.tsx'
import { useIsWide } from './use-is-wide.ts'
import { useServers } from './use-servers.ts'

const TITLE: Sentence = 'Servers and tools'
/** With more tools than this, they can be searched. */
const SEARCH_FROM = 12

type Props = {
  threadId: string | null
  /** The slug of the assistant that will answer, before the conversation begins. */
  assistant: string
  /** What is off before the conversation begins. */
  unsent: readonly Off[]
  keepUnsent: (off: Off[]) => void
  onClose: () => void
}

/**
 * What the assistant has now: servers, their state and tools, each switched on or off for this
 * conversation. Beside the chat on a wide page, in a drawer on a narrow one.
 */
export function ServersPanel({ onClose, ...content }: Props) {
  const t = useTranslate()
  const isWide = useIsWide()
  if (isWide) return <Aside onClose={onClose} {...content} />
  return (
    <ModalOverlay
      isOpen
      isDismissable
      onOpenChange={(isOpen) => isOpen || onClose()}
      className="animate-appear fixed inset-0 z-50 flex items-end bg-shade"
    >
      <Modal className="animate-rise flex max-h-[88dvh] w-full flex-col overflow-hidden rounded-t-lg border border-line bg-surface shadow-raised">
        <Dialog className="flex min-h-0 flex-1 flex-col outline-none">
          <Top
            onClose={onClose}
            heading={
              <Heading slot="title" className="text-lg font-semibold">
                {t(TITLE)}
              </Heading>
            }
          />
          <Content {...content} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

function Aside({ onClose, ...content }: Props) {
  const t = useTranslate()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <aside
      aria-label={t(TITLE)}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return
        // Elsewhere on the page, Escape stops the answer.
        event.preventDefault()
        onClose()
      }}
      className="animate-appear flex w-88 shrink-0 flex-col border-s border-line bg-surface"
    >
      <Top
        onClose={onClose}
        heading={
          <h2 ref={heading} tabIndex={-1} className="text-lg font-semibold outline-none">
            {t(TITLE)}
          </h2>
        }
      />
      <Content {...content} />
    </aside>
  )
}

function Top({ heading, onClose }: { heading: React.ReactNode; onClose: () => void }) {
  const t = useTranslate()
  return (
    <div className="flex shrink-0 items-center justify-between gap-3 border-b border-line py-2 ps-4 pe-2">
      {heading}
      <Button tone="quiet" size="icon" aria-label={t('Close')} onClick={onClose}>
        <X aria-hidden className="size-4" />
      </Button>
    </div>
  )
}

function Content({ threadId, assistant, unsent, keepUnsent }: Omit<Props, 'onClose'>) {
  const t = useTranslate()
  const { servers, problem, switchTool, reload } = useServers(threadId, { assistant, unsent, keep: keepUnsent })
  const [search, setSearch] = useState('')
  const shown = servers && filterServers(servers, search)
  const count = servers?.reduce((sum, { tools }) => sum + tools.length, 0) ?? 0
  return (
    <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain">
      <p className="px-4 pt-3 text-sm text-ink-faint">
        {t('What you switch off, no assistant can use in this conversation. A new one begins with everything on.')}
      </p>
      {problem && (
        <div className="px-4 pt-3">
          <Notice
            tone="bad"
            announce
            action={
              <Button size="sm" onClick={() => void reload()}>
                {t('Try again')}
              </Button>
            }
          >
            {problem}
          </Notice>
        </div>
      )}
      {!servers && !problem && (
        <div className="p-4">
          <Skeleton lines={6} label={t('Loading the servers')} />
        </div>
      )}
      {count > SEARCH_FROM && (
        <div className="px-4 pt-3">
          <Field label={t('Find a tool')}>
            <TextInput
              type="search"
              value={search}
              autoComplete="off"
              onChange={({ target }) => setSearch(target.value)}
            />
          </Field>
        </div>
      )}
      {shown?.map((server) => (
        <ServerSection
          key={server.name}
          server={server}
          isOpen={search.trim() !== ''}
          onSwitch={(off, isOn) => void switchTool(off, isOn)}
        />
      ))}
      <p role="status" className="px-4 py-3 text-sm text-ink-faint empty:hidden">
        {servers && servers.length === 0 && t('The assistant has no servers. An administrator can add some.')}
        {servers && servers.length > 0 && shown?.length === 0 && t('No tool has these words.')}
      </p>
    </div>
  )
}

/** The servers with the tools that have all these words; all of them without words. */
function filterServers(servers: Server[], search: string): Server[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return servers
  return servers.flatMap((server) => {
    const tools = server.tools.filter(({ name, title, description = '' }) => {
      const text = `${server.name} ${name} ${title} ${description}`.toLowerCase()
      return words.every((word) => text.includes(word))
    })
    return tools.length > 0 ? { ...server, tools } : []
  })
}
