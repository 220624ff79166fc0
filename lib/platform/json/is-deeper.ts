/**
 * True if a JSON value is nested deeper than `levels`, where a recursive walk could overflow the
 * stack.
 */
export function isDeeper(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1))
}
