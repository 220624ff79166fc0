const requests = new WeakMap<AbortSignal, Request>()

/**
 * Keeps a request's signal connected to the one that the request was made with, as long as anybody
 * holds the former. By itself a request's signal stops following when the request is collected, and
 * a stream or a call that outlives the request could no longer be aborted.
 */
export function keepSignal(request: Request): Request {
  requests.set(request.signal, request)
  return request
}
