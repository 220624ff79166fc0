'use client'

import { LogIn } from 'lucide-react'
import { signIn } from 'next-auth/react'
import { useState } from 'react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'

/** One button for each identity provider. */
export function ProviderButtons({ providers, path }: { providers: { id: string; name: string }[]; path: string }) {
  const t = useTranslate()
  const [leaving, setLeaving] = useState<string | null>(null)
  if (providers.length === 0) return null

  async function go(id: string) {
    setLeaving(id)
    try {
      await signIn(id, { callbackUrl: path })
    } catch {
      setLeaving(null)
    }
  }

  return (
    <>
      <div className="flex items-center gap-3 text-sm text-ink-faint">
        <span aria-hidden className="h-px flex-1 bg-line" />
        {t('or')}
        <span aria-hidden className="h-px flex-1 bg-line" />
      </div>
      <div className="grid gap-2">
        {providers.map(({ id, name }) => (
          <Button
            key={id}
            onClick={() => go(id)}
            disabled={leaving !== null}
            aria-busy={leaving === id}
            className="w-full"
          >
            <LogIn aria-hidden className="size-4" />
            {t('Continue with {name}', { name })}
          </Button>
        ))}
      </div>
    </>
  )
}
