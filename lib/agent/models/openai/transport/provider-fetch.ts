import { pinnedFetch, type Reach } from '#lib/platform/net/pinned-fetch.ts'

/**
 * The `fetch` for a provider that an admin connected: only to addresses within `reach`, redirects
 * returned as they are. A body that breaks off throws what `fetch` would throw.
 */
export function providerFetch(reach: Reach): typeof fetch {
  const send = pinnedFetch(reach)
  return async (input, init) => {
    const response = await send(input, init)
    const { body, status, headers } = response
    return body ? new Response(withCutsAsFetchHasThem(body), { status, headers }) : response
  }
}

function withCutsAsFetchHasThem(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream({
    pull: async (controller) => {
      try {
        const { done, value } = await reader.read()
        if (done) controller.close()
        else controller.enqueue(value)
      } catch (cause) {
        controller.error(new TypeError('terminated', { cause }))
      }
    },
    cancel: (reason) => reader.cancel(reason),
  })
}
