import type { Notice } from '#lib/chatkit/protocol/events.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { Markdown } from '#lib/chatkit-element/views/items/markdown.tsx'

const ICONS = { info: 'info', warning: 'triangle-alert', danger: 'circle-alert' } as const

/** The server's notices about this turn. */
export function Notices({ notices }: { notices: readonly Notice[] }) {
  return (
    <>
      {notices.map((notice, at) => (
        <div
          key={at}
          part="notice"
          class={`notice notice-${notice.level}`}
          role={notice.level === 'info' ? 'status' : 'alert'}
        >
          <Icon name={ICONS[notice.level] ?? 'info'} />
          <div>
            {notice.title && <strong dir="auto">{notice.title}</strong>}
            <Markdown text={notice.message} />
          </div>
        </div>
      ))}
    </>
  )
}
