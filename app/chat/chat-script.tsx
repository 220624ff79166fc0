'use client'

import { RotateCw } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import { useElementScript } from './use-element-script.ts'

/** Shows its children once the chat's script has loaded, or a message with Retry if loading failed. */
export function ChatScript({ script, nonce, children }: { script: string; nonce?: string; children: ReactNode }) {
  const t = useTranslate()
  const { state, retry } = useElementScript(script, nonce)
  return (
    <div className="min-h-0 flex-1">
      {state === 'ready' && children}
      {state === 'loading' && (
        <div className="mx-auto grid h-full max-w-xl content-center px-6">
          <Skeleton lines={4} label={t('Loading the chat')} />
        </div>
      )}
      {state === 'failed' && (
        <div role="alert" className="grid h-full place-content-center">
          <EmptyState
            title={t('The chat could not be loaded')}
            action={
              <Button tone="primary" onClick={retry}>
                <RotateCw aria-hidden className="size-4" />
                {t('Try again')}
              </Button>
            }
          >
            {t.rich(
              'Its script at {script} did not arrive. Check your connection; if it stays, tell your administrator.',
              { script: <code className="font-mono break-all">{script}</code> },
            )}
          </EmptyState>
        </div>
      )}
      <noscript>
        <p className="p-6">{t('The chat needs JavaScript.')}</p>
      </noscript>
    </div>
  )
}
