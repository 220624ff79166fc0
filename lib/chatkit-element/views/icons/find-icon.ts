import { Circle } from 'lucide-preact'
import { NAMED, OWN } from '#lib/chatkit-element/views/icons/icon-table.ts'

export type IconName = keyof typeof NAMED | keyof typeof OWN

const ALL = { ...NAMED, ...OWN }
const FILLED = new Set(['star-filled', 'check-circle-filled'])

/**
 * The icon for a name, also with the prefix `lucide:` if it is in this set; a plain ring for any
 * other name.
 */
export function findIcon(name: string): { icon: typeof Circle; filled: boolean } {
  const bare = name.replace(/^lucide:/, '')
  return { icon: Object.hasOwn(ALL, bare) ? ALL[bare as IconName] : Circle, filled: FILLED.has(bare) }
}
