import type { Audience } from '#lib/data/audience.ts'

const ROLES = { admin: 'Admins', member: 'Members' }

/** Who may use a thing, in a few words. */
export function toAudienceText(audience: Audience): string {
  if (audience.kind === 'everybody') return 'Everybody'
  const { roles, people } = audience
  const chosen = people.length === 1 ? '1 person' : `${people.length} people`
  const parts = [...roles.map((role) => ROLES[role]), ...(people.length > 0 ? [chosen] : [])]
  return parts.join(', ') || 'Nobody'
}
