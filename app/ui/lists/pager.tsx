'use client'

import { ChevronRight, ChevronsLeft } from 'lucide-react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { LinkButton } from '#app/ui/button.tsx'

/**
 * Links for a paged list: back to the newest rows, on to older ones. Renders nothing if all rows
 * fit.
 */
export function Pager({ first, next }: { first?: string; next?: string }) {
  const t = useTranslate()
  if (!first && !next) return null
  return (
    <nav
      aria-label={t('Pages')}
      className="flex items-center justify-between gap-3 border-t border-line px-4 py-3 sm:px-5"
    >
      {first ? (
        <LinkButton href={first} size="sm" tone="quiet">
          <ChevronsLeft aria-hidden className="size-4" />
          {t('Newest')}
        </LinkButton>
      ) : (
        <span />
      )}
      {next && (
        <LinkButton href={next} size="sm">
          {t('Older')}
          <ChevronRight aria-hidden className="size-4" />
        </LinkButton>
      )}
    </nav>
  )
}
