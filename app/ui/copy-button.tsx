'use client'

import { Check, Copy } from 'lucide-react'
import { type RefObject, useEffect, useState } from 'react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from './button.tsx'

/**
 * Copies `text`. If the browser refuses (a page without https), selects the text of `fallback` for
 * Ctrl+C instead.
 */
export function CopyButton({
  text,
  label,
  fallback,
}: {
  text: string
  label: string
  fallback?: RefObject<HTMLElement | null>
}) {
  const t = useTranslate()
  const [outcome, setOutcome] = useState<'copied' | 'selected' | null>(null)
  useEffect(() => {
    if (!outcome) return
    const timer = setTimeout(() => setOutcome(null), 2_000)
    return () => clearTimeout(timer)
  }, [outcome])

  async function copy() {
    try {
      await navigator.clipboard.writeText(text)
      setOutcome('copied')
    } catch {
      if (fallback?.current) getSelection()?.selectAllChildren(fallback.current)
      setOutcome('selected')
    }
  }

  return (
    <Button tone="quiet" size="sm" aria-label={label} title={label} onClick={copy} className="px-2">
      {outcome === 'copied' ? (
        <Check aria-hidden className="size-4 text-ok" />
      ) : (
        <Copy aria-hidden className="size-4" />
      )}
      <span role="status" className={outcome ? 'text-xs' : 'sr-only'}>
        {outcome === 'copied' ? t('Copied') : outcome === 'selected' ? t('Press Ctrl+C') : ''}
      </span>
    </Button>
  )
}
