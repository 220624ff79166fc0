import type { IncomingMessage, ServerResponse } from 'node:http'
import { toFetchResponse, toReqRes } from 'fetch-to-node'
import { env } from '#lib/platform/env.ts'

/**
 * Converts a web request into the pair of Node objects that oidc-provider handles. It always sees
 * the host and scheme of APP_URL, regardless of proxies, because it builds addresses and cookies
 * from them.
 */
export function toNodeExchange(
  request: Request,
  body?: string,
): { req: IncomingMessage; res: ServerResponse; response: Promise<Response> } {
  const app = new URL(env().APP_URL)
  const { pathname, search } = new URL(request.url)
  const headers = new Headers(request.headers)
  for (const name of [...headers.keys()])
    if (name.startsWith('x-forwarded-') || name === 'forwarded') headers.delete(name)
  headers.set('host', app.host)
  headers.delete('transfer-encoding')
  if (body === undefined) headers.delete('content-length')
  else headers.set('content-length', String(Buffer.byteLength(body)))
  const { req, res } = toReqRes(new Request(new URL(pathname + search, app), { method: request.method, headers, body }))
  // Request drops the `host` header, and there is no socket from which to read the scheme.
  req.headers.host = app.host
  Object.defineProperty(req, 'socket', { value: { encrypted: app.protocol === 'https:', remoteAddress: '' } })
  return { req, res, response: toFetchResponse(res) }
}
