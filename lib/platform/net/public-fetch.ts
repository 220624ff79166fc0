import { isLoopback } from '#lib/platform/env.ts'
import { ForbiddenAddressError, pinnedFetch } from '#lib/platform/net/pinned-fetch.ts'

/**
 * Why an untrusted address was not fetched. No AppError: the authorization server answers it in the
 * words of OAuth.
 */
export class PublicFetchError extends Error {}

type Options = {
  signal: AbortSignal
  /** A body larger than this is an error. */
  maxBytes: number
  accept?: string
  /** For tests: also allows loopback addresses, over http too. */
  allowLoopback?: boolean
}

/**
 * Fetches (GET) an untrusted https address on the public internet, whole. Redirects are not
 * followed but returned. Throws PublicFetchError.
 */
export async function fetchPublic(
  address: string,
  { signal, maxBytes, accept = 'application/json', allowLoopback = false }: Options,
): Promise<Response> {
  const url = URL.parse(address)
  if (!url || url.username || url.password) throw new PublicFetchError('not an address that can be fetched')
  const local = allowLoopback && isLoopback(url.hostname)
  if (url.protocol !== 'https:' && !(local && url.protocol === 'http:'))
    throw new PublicFetchError('only https is fetched')
  const send = pinnedFetch(allowLoopback ? 'public or loopback' : 'public')
  try {
    const response = await send(url, { signal, headers: { accept, 'user-agent': 'Switchboard' } })
    const { status, headers } = response
    return new Response(response.body && (await readAll(response.body, maxBytes)), { status, headers })
  } catch (cause) {
    if (cause instanceof PublicFetchError) throw cause
    const why = cause instanceof ForbiddenAddressError ? cause.message : 'could not be fetched'
    throw new PublicFetchError(why, { cause })
  }
}

async function readAll(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes) throw new PublicFetchError(`larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
