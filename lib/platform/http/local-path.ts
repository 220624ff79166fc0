/**
 * Turns an untrusted destination into a path of this server. Resolves it as a browser does, so that
 * the result leads where it was checked to lead. Keeps the query, drops the fragment. Null for
 * anything that leads elsewhere or is not an address.
 */
export function toLocalPath(wish: unknown, appUrl: string): string | null {
  const { origin } = new URL(appUrl)
  const url = typeof wish === 'string' ? URL.parse(wish, origin) : null
  if (url?.origin !== origin || url.username || url.password) return null
  const path = url.pathname + url.search
  // The browser resolves the result again, and "//host" would then be another host.
  return URL.parse(path, origin)?.origin === origin && !path.startsWith('//') ? path : null
}
