import { JOURNEY_SECONDS } from '#lib/mcp-client/accounts/connect-account.ts'
import { env } from '#lib/platform/env.ts'

const NAME = 'switchboard-connect'

/**
 * The cookie for a round trip to an authorization server. Without a journey, the cookie that clears
 * it.
 */
export function makeJourneyCookie(journey = ''): string {
  const secure = env().APP_URL.startsWith('https:') ? '; Secure' : ''
  return `${NAME}=${journey}; Path=/api/connections; HttpOnly; SameSite=Lax; Max-Age=${journey ? JOURNEY_SECONDS : 0}${secure}`
}

/** The sealed journey in a request's cookie. */
export function readJourney(request: Request): string | undefined {
  const cookies = (request.headers.get('cookie') ?? '').split(/;\s*/)
  return cookies.find((cookie) => cookie.startsWith(`${NAME}=`))?.slice(NAME.length + 1)
}
