'use client'

import { RotateCw } from 'lucide-react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'
import { EmptyState } from './empty-state.tsx'

/**
 * The content of an error boundary: a sentence, Retry, and the digest that identifies the failure
 * in the server's log.
 */
export function LoadFailed({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  const t = useTranslate()
  return (
    <div role="alert">
      <EmptyState
        title={t('This page could not be loaded')}
        action={
          <Button tone="primary" onClick={reset}>
            <RotateCw aria-hidden className="size-4" />
            {t('Try again')}
          </Button>
        }
      >
        <p>{t('Something failed on the server, or it cannot be reached just now. What you did before is kept.')}</p>
        {error.digest && (
          <p className="mt-2 font-mono text-xs text-ink-faint">{t('Reference {digest}', { digest: error.digest })}</p>
        )}
      </EmptyState>
    </div>
  )
}
