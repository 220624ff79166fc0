/** A text as a pattern of LIKE that matches nothing but itself: its wildcards are escaped. Prisma does not do this. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}
