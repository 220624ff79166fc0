/** The largest value that the database's column takes. */
const MAX = 2_147_483_647

/**
 * A token count that can be added up and stored, whatever a server sent: a whole number from 0 to
 * 2,147,483,647.
 */
export function toTokenCount(value: unknown): number {
  const count = typeof value === 'string' ? Number(value) : value
  if (typeof count !== 'number' || Number.isNaN(count) || count <= 0) return 0
  return Math.min(MAX, Math.trunc(count))
}
