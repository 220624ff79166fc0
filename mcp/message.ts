import { INVALID_REQUEST, isJsonContentType, PARSE_ERROR } from '@modelcontextprotocol/server'
import { AppError } from '#lib/platform/errors.ts'
import { readBytes, tooComplex } from '#lib/platform/http/http.ts'
import { JsonMeter } from '#lib/platform/json/json-meter.ts'

// A note of 100,000 characters takes 600 kB where each is escaped.
const BODY_MAX_BYTES = 1_048_576

/** A JSON-RPC message as it arrived: an object, of which nothing more is known. */
export type Message = { method?: unknown; params?: Record<string, unknown> }

/** A JSON-RPC error without a result, as HTTP answers it. */
export function rpcError(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', id: null, error: { code, message } }, { status })
}

/** The JSON-RPC message of a request, one object of 1 MiB, 20,000 values and 64 levels at most, or the answer that refuses it. Throws too_large. */
export async function readMessage(request: Request): Promise<Message | Response> {
  if (!isJsonContentType(request.headers.get('content-type'))) {
    throw new AppError('unsupported_type', 'Send the message as application/json.')
  }
  const body = await readBytes(request, BODY_MAX_BYTES)
  const excess = new JsonMeter().feed(body)
  if (excess) return rpcError(excess === 'depth' ? 400 : 413, INVALID_REQUEST, tooComplex(excess).message)
  let message: unknown
  try {
    message = JSON.parse(body.toString('utf8'))
  } catch {
    return rpcError(400, PARSE_ERROR, 'The body is not valid JSON.')
  }
  // Batches left the protocol with 2025-06-18, and two requests of one batch may bear the same id.
  if (Array.isArray(message))
    return rpcError(400, INVALID_REQUEST, 'Batches are not supported; send one message in each request.')
  if (message === null || typeof message !== 'object')
    return rpcError(400, INVALID_REQUEST, 'A message is a JSON object.')
  return message as Message
}
