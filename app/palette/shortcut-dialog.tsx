'use client'

import { useTranslate } from '#app/language/sentences-provider.tsx'
import { ModalDialog } from '#app/ui/dialog.tsx'
import type { Sentence } from '#lib/platform/language/sentences.ts'
import { SHORTCUTS, type ShortcutId, useKeysText } from './shortcuts.ts'

/** All keyboard shortcuts. */
export function ShortcutDialog({ onClose }: { onClose: () => void }) {
  const t = useTranslate()
  const toKeysText = useKeysText()
  const all = Object.entries(SHORTCUTS) as [ShortcutId, { label: Sentence }][]
  return (
    <ModalDialog title={t('Keyboard shortcuts')} onClose={onClose}>
      <dl className="grid gap-1">
        {all.map(([id, { label }]) => (
          <div key={id} className="flex items-center justify-between gap-4">
            <dt className="text-ink-soft">{t(label)}</dt>
            <dd>
              <kbd className="rounded-sm border border-line bg-sunken px-1.5 py-0.5 font-sans text-sm whitespace-nowrap">
                {toKeysText(id)}
              </kbd>
            </dd>
          </div>
        ))}
      </dl>
    </ModalDialog>
  )
}
