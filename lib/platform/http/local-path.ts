/**
 * A path of this server out of whatever somebody sent as a destination: resolved as a browser resolves it, so that what comes back
 * leads where it was seen to lead. With its query, without its fragment. Null for anything that leads elsewhere or is no address.
 */
export function localPath(wish: unknown, appUrl: string): string | null {
  const { origin } = new URL(appUrl)
  const url = typeof wish === 'string' ? URL.parse(wish, origin) : null
  if (url?.origin !== origin || url.username || url.password) return null
  const path = url.pathname + url.search
  // What was resolved is resolved again where it is used: "//host" would be another host then.
  return URL.parse(path, origin)?.origin === origin && !path.startsWith('//') ? path : null
}
