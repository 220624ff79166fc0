import { makeJourneyCookie, readJourney } from '#app/api/connections/journey-cookie.ts'
import { route } from '#lib/auth/route.ts'
import { requireCaller } from '#lib/auth/sessions/session.ts'
import { finishConnection } from '#lib/mcp-client/accounts/connect-account.ts'
import { env } from '#lib/platform/env.ts'
import { toAppError } from '#lib/platform/errors.ts'

/**
 * The redirect URI for authorization servers. Completes the connection and redirects to the page
 * that shows it. A refusal is shown there too, so the session is checked here.
 */
export const GET = route({ session: 'none' }, async ({ request }) => {
  const page = new URL('/settings/connections', env().APP_URL)
  try {
    const caller = await requireCaller(request)
    const { name, thread } = await finishConnection(caller, new URL(request.url).searchParams, readJourney(request))
    if (thread) page.pathname = `/chat/${thread}`
    else page.searchParams.set('connected', name)
  } catch (thrown) {
    page.searchParams.set('problem', toAppError(thrown).code)
  }
  return new Response(null, {
    status: 303,
    headers: {
      location: page.href,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'set-cookie': makeJourneyCookie(),
    },
  })
})
