import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'

const TONES = {
  info: { icon: Info, look: 'bg-sunken border-line text-ink', lamp: 'text-accent' },
  ok: { icon: CircleCheck, look: 'bg-ok-soft border-transparent text-ink', lamp: 'text-ok' },
  warn: { icon: TriangleAlert, look: 'bg-warn-soft border-transparent text-ink', lamp: 'text-warn' },
  bad: { icon: CircleAlert, look: 'bg-bad-soft border-transparent text-ink', lamp: 'text-bad' },
}

/**
 * A message on the page. With `announce`, screen readers say it when it appears: use it for the
 * outcome of an action.
 */
export function Notice({
  tone = 'info',
  title,
  announce = false,
  action,
  children,
}: {
  tone?: keyof typeof TONES
  title?: ReactNode
  announce?: boolean
  action?: ReactNode
  children?: ReactNode
}) {
  const { icon: Icon, look, lamp } = TONES[tone]
  const role = announce ? (tone === 'bad' ? 'alert' : 'status') : undefined
  return (
    <div role={role} className={`flex items-start gap-3 rounded-md border px-4 py-3 ${look}`}>
      <Icon aria-hidden className={`mt-0.5 size-5 shrink-0 ${lamp}`} />
      <div className="min-w-0 flex-1 break-words">
        {title && <p className="font-semibold">{title}</p>}
        {children && <div className="text-sm">{children}</div>}
        {action && <div className="mt-2">{action}</div>}
      </div>
    </div>
  )
}
