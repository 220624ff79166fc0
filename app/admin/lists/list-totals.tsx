import { Download } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { toCountText } from '#app/ui/time-text.ts'

/** What a whole list counts, above its first row, and the list as files. `things` is what it counts. */
export function ListTotals({
  total,
  things,
  failed,
  exportHref,
  children,
}: {
  total: number
  things: string
  /** How many of them failed, and the address of the list of those. */
  failed: { count: number; href: string }
  /** The address of the list as a file, to which the format is added. */
  exportHref: string
  children?: ReactNode
}) {
  const file = (format: string) => `${exportHref}${exportHref.includes('?') ? '&' : '?'}format=${format}`
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b border-line px-4 py-2 text-sm text-ink-soft sm:px-5">
      <p>
        <strong data-total={total} className="font-semibold text-ink">
          {toCountText(total)} {things}
        </strong>
        {failed.count > 0 && (
          <>
            {' · '}
            <Link href={failed.href} className="text-bad underline underline-offset-2">
              {toCountText(failed.count)} failed
            </Link>
          </>
        )}
        {children}
      </p>
      <p className="flex items-center gap-3">
        <Download aria-hidden className="size-4" />
        {[
          ['csv', 'CSV'],
          ['jsonl', 'JSON Lines'],
        ].map(([format = '', name]) => (
          <a key={format} href={file(format)} download className="text-accent underline-offset-2 hover:underline">
            {name}
          </a>
        ))}
      </p>
    </div>
  )
}
