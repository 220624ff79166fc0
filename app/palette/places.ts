import { ADMIN_PLACES } from '#app/admin/admin-places.ts'
import type { Sentence } from '#lib/platform/language/sentences.ts'

/** A page. Those of the admin area have English names. */
export type Place = { href: string; label: Sentence } | { href: string; english: string }

const PLACES: Place[] = [
  { href: '/activity', label: 'Activity' },
  { href: '/settings/usage', label: 'Settings: usage' },
  { href: '/settings/profile', label: 'Settings' },
  { href: '/settings/security', label: 'Settings: sessions and password' },
  { href: '/settings/connections', label: 'Settings: connections' },
  { href: '/settings/memory', label: 'Settings: memory' },
]

/** The pages that a person can go to by name. */
export function listPlaces(isAdmin: boolean): Place[] {
  const admin = ADMIN_PLACES.map(({ href, label }) => ({ href, english: label }))
  return isAdmin ? [...PLACES, ...admin] : PLACES
}
