import { INVALID_REQUEST, isJsonContentType, PARSE_ERROR } from '@modelcontextprotocol/server'
import { AppError } from '#lib/platform/errors.ts'
import { readBytes, tooComplex } from '#lib/platform/http/http.ts'
import { JsonMeter } from '#lib/platform/json/json-meter.ts'

// A note of 100,000 characters takes 600 kB if each one is escaped.
const BODY_MAX_BYTES = 1_048_576

/** A JSON-RPC message as it arrived. Only that it is an object is checked. */
export type Message = { method?: unknown; params?: Record<string, unknown> }

/** A JSON-RPC error response with a null id. */
export function toRpcError(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', id: null, error: { code, message } }, { status })
}

/**
 * Reads the JSON-RPC message of a request: one object of at most 1 MiB, 20,000 values and 64
 * levels. Returns the response that refuses it if it is invalid. Throws unsupported_type if the
 * body is not JSON by its content type, and too_large.
 */
export async function readMessage(request: Request): Promise<Message | Response> {
  if (!isJsonContentType(request.headers.get('content-type'))) {
    throw new AppError('unsupported_type', 'Send the message as application/json.')
  }
  const body = await readBytes(request, BODY_MAX_BYTES)
  const excess = new JsonMeter().feed(body)
  if (excess) return toRpcError(excess === 'depth' ? 400 : 413, INVALID_REQUEST, tooComplex(excess).message)
  let message: unknown
  try {
    message = JSON.parse(body.toString('utf8'))
  } catch {
    return toRpcError(400, PARSE_ERROR, 'The body is not valid JSON.')
  }
  // Batches were removed from the protocol in 2025-06-18, and two requests of one batch may have
  // the same id.
  if (Array.isArray(message))
    return toRpcError(400, INVALID_REQUEST, 'Batches are not supported; send one message in each request.')
  if (message === null || typeof message !== 'object')
    return toRpcError(400, INVALID_REQUEST, 'A message is a JSON object.')
  return message as Message
}
