'use client'

import { useSyncExternalStore } from 'react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import type { Sentence } from '#lib/platform/language/sentences.ts'

/** A key with its modifiers. `mod` is Command on a Mac, and Control elsewhere. */
type Keys = { key: string; mod?: true; shift?: true; alt?: true }

/** What can be done by a shortcut, in the order in which they are listed. */
export const SHORTCUTS = {
  new: { label: 'New conversation', keys: { key: 'O', mod: true, shift: true } },
  search: { label: 'Search, go anywhere', keys: { key: 'K', mod: true } },
  focus: { label: 'Write: go to the message field', keys: { key: 'Escape', shift: true } },
  stop: { label: 'Stop the answer', keys: { key: 'Escape' } },
  copy: { label: 'Copy the last answer', keys: { key: 'C', mod: true, shift: true } },
  previous: { label: 'Previous conversation in the list', keys: { key: 'ArrowUp', alt: true } },
  next: { label: 'Next conversation in the list', keys: { key: 'ArrowDown', alt: true } },
  sidebar: { label: 'Show or collapse the sidebar', keys: { key: 'S', mod: true, shift: true } },
  help: { label: 'List the shortcuts', keys: { key: '?' } },
} as const satisfies Record<string, { label: Sentence; keys: Keys }>

export type ShortcutId = keyof typeof SHORTCUTS

/** Lists the shortcuts from a field too, where a question mark is text. */
const HELP_IN_FIELDS: Keys = { key: '/', mod: true }

/** The shortcut that this key press means, or null. */
export function findShortcut(event: KeyboardEvent): ShortcutId | null {
  if (event.isComposing) return null
  if (isPress(event, HELP_IN_FIELDS)) return 'help'
  for (const [id, { keys }] of Object.entries(SHORTCUTS) as [ShortcutId, { keys: Keys }][])
    if (isPress(event, keys) && !(id === 'help' && isInField(event))) return id
  return null
}

/** Returns a shortcut's keys as people read them: `Ctrl+Shift+O`, on a Mac `⇧⌘O`. */
export function useKeysText(): (id: ShortcutId) => string {
  const t = useTranslate()
  const isApple = useSyncExternalStore(
    () => () => {},
    isMac,
    () => false,
  )
  return (id) => {
    const { key, mod, shift, alt }: Keys = SHORTCUTS[id].keys
    const name = { Escape: t('Esc'), ArrowUp: '↑', ArrowDown: '↓' }[key] ?? key
    return isApple
      ? [alt && '⌥', shift && '⇧', mod && '⌘', name].filter(Boolean).join('')
      : [mod && t('Ctrl'), alt && t('Alt'), shift && t('Shift'), name].filter(Boolean).join('+')
  }
}

function isPress(event: KeyboardEvent, { key, mod, shift, alt }: Keys): boolean {
  const [isMod, isOther] = isMac() ? [event.metaKey, event.ctrlKey] : [event.ctrlKey, event.metaKey]
  // Some keyboards need Shift for a question mark or a slash.
  const isShift = key === '?' || key === '/' || event.shiftKey === (shift ?? false)
  return (
    event.key.toLowerCase() === key.toLowerCase() &&
    isMod === (mod ?? false) &&
    !isOther &&
    isShift &&
    event.altKey === (alt ?? false)
  )
}

/** True if the person is writing, also inside the chat's shadow root. */
function isInField(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0]
  return target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'))
}

function isMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform)
}
