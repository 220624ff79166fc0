import { readTranslate } from '#app/language/page-language.ts'
import type { ComparedLine } from '#lib/platform/text/compare-lines.ts'

const LINES: Record<ComparedLine['kind'], { sign: string; look: string }> = {
  same: { sign: ' ', look: 'text-ink-soft' },
  before: { sign: '-', look: 'bg-bad-soft text-bad' },
  now: { sign: '+', look: 'bg-ok-soft text-ok' },
}

/** What differs between two versions of a text, line by line. */
export async function Difference({ lines }: { lines: ComparedLine[] }) {
  const t = await readTranslate()
  return (
    <pre className="mt-2 max-h-112 overflow-auto rounded-md border border-line bg-sunken p-3 text-sm">
      <code className="font-mono">
        {lines.map(({ kind, text }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines of a text that is drawn once
          <span key={index} className={`block whitespace-break-spaces wrap-anywhere ${LINES[kind].look}`}>
            <span aria-hidden className="select-none">
              {LINES[kind].sign}{' '}
            </span>
            {kind !== 'same' && <span className="sr-only">{kind === 'now' ? t('Added:') : t('Removed:')} </span>}
            {text}
          </span>
        ))}
      </code>
    </pre>
  )
}
