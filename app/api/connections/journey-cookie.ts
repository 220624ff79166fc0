import { JOURNEY_SECONDS } from '#lib/mcp-client/accounts/connect-account.ts'
import { env } from '#lib/platform/env.ts'

const NAME = 'switchboard-connect'

/** The cookie that holds a journey to an authorization server and back; without one, the cookie that ends it. */
export function journeyCookie(journey = ''): string {
  const secure = env().APP_URL.startsWith('https:') ? '; Secure' : ''
  return `${NAME}=${journey}; Path=/api/connections; HttpOnly; SameSite=Lax; Max-Age=${journey ? JOURNEY_SECONDS : 0}${secure}`
}

/** The journey that a request brought, sealed as it is. */
export function journeyOf(request: Request): string | undefined {
  const cookies = (request.headers.get('cookie') ?? '').split(/;\s*/)
  return cookies.find((cookie) => cookie.startsWith(`${NAME}=`))?.slice(NAME.length + 1)
}
