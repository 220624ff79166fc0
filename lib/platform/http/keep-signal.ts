const requests = new WeakMap<AbortSignal, Request>()

/**
 * Keeps a request's signal connected to the signal that the request was made with, for as long as
 * something holds the request's signal. Without this the connection ends when the request is garbage
 * collected, and a stream or a call that outlives the request could no longer be aborted.
 */
export function keepSignal(request: Request): Request {
  requests.set(request.signal, request)
  return request
}
