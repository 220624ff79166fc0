import { toStorableText } from '#lib/platform/json/to-storable.ts'

const NAME_MAX_CHARS = 200
/**
 * Invisible characters and those that change the text direction. Excluded are joiners, which shape
 * letters and emoji, and the Arabic signs, which are visible.
 */
const UNSEEN = /(?!\u200c|\u200d|[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2])[\p{Cc}\p{Cf}]/gu
/** Joiners that join nothing: those at either end, and all but one in a row. */
const STRAY_JOINERS = /^(?:\u200c|\u200d)+|(?:\u200c|\u200d)+$|(\u200c|\u200d)(?:\u200c|\u200d)+/g

/** Returns a display name without folders and invisible characters. */
export function cleanFileName(name: string): string {
  const last = toStorableText(name).split(/[\\/]/).at(-1) ?? ''
  const visible = [...last.replace(UNSEEN, '').trim()].slice(-NAME_MAX_CHARS).join('')
  return visible.replace(STRAY_JOINERS, '$1') || 'file'
}
