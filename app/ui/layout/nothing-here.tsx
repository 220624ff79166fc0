'use client'

import { SearchX } from 'lucide-react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { LinkButton } from '#app/ui/button.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { PageTitle } from './page-title.tsx'

/**
 * Shown for an address that does not exist, and for one that this person may not see: the two look
 * the same.
 */
export function NothingHere() {
  const t = useTranslate()
  return (
    <div className="grid min-h-[70dvh] place-items-center">
      <EmptyState
        icon={SearchX}
        title={t('There is nothing here')}
        action={
          <LinkButton href="/chat" tone="primary">
            {t('Go to the chat')}
          </LinkButton>
        }
      >
        <h1 className="sr-only">{t('Not found')}</h1>
        <PageTitle title={t('Not found · Switchboard')} />
        <p>{t('The address is wrong, or the page is not for your account.')}</p>
      </EmptyState>
    </div>
  )
}
