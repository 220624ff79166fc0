import { notFound } from '#lib/platform/errors.ts'
import { route } from '#lib/platform/http/http.ts'

const nothing = route(async () => {
  throw notFound('This address')
})

/**
 * Answers every address under /api that no other route serves: a program gets JSON, not the page
 * that people see.
 */
export { nothing as DELETE, nothing as GET, nothing as PATCH, nothing as POST, nothing as PUT }
