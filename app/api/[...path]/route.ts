import { route } from '#lib/auth/route.ts'
import { notFound } from '#lib/platform/errors.ts'

const nothing = route({ session: 'none' }, async () => {
  throw notFound('This address')
})

/**
 * Answers every address under /api that no other route serves: a program gets JSON, not the page
 * that people see.
 */
export { nothing as DELETE, nothing as GET, nothing as PATCH, nothing as POST, nothing as PUT }
