/** The path on this server where a sign-in leads: what was asked for when that is a path of ours, else the chat. */
export function returnPath(wish: unknown, appUrl: string): string {
  const { origin } = new URL(appUrl)
  const url = typeof wish === 'string' ? URL.parse(wish, origin) : null
  if (!url || url.origin !== origin || /^\/(?:sign-in|sign-up|set-up|api)(?:\/|$)/.test(url.pathname)) return '/chat'
  return url.pathname + url.search
}
