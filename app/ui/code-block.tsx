'use client'

import { useRef } from 'react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { CopyButton } from './copy-button.tsx'

/**
 * Text to read or copy verbatim: JSON, a command, a token. Scrolls inside its box; with `wrap`,
 * long lines break instead.
 */
export function CodeBlock({ text, label, wrap = false }: { text: string; label: string; wrap?: boolean }) {
  const t = useTranslate()
  const code = useRef<HTMLElement>(null)
  return (
    <div className="relative min-w-0 rounded-md border border-line bg-sunken">
      <section
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
        tabIndex={0}
        className="max-h-112 overflow-auto p-3 pe-12 text-sm"
      >
        <pre className={wrap ? 'whitespace-pre-wrap break-all' : ''}>
          <code ref={code} className="font-mono">
            {text}
          </code>
        </pre>
      </section>
      {/* Reaches the edge, so that a scrolled line does not reappear behind the button. */}
      <div className="absolute end-0 top-0 rounded-md bg-sunken p-1.5">
        <CopyButton text={text} label={t('Copy {label}', { label })} fallback={code} />
      </div>
    </div>
  )
}
