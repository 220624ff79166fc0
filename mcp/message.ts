import { INVALID_REQUEST, isJsonContentType, PARSE_ERROR } from '@modelcontextprotocol/server'
import { AppError } from '#lib/errors.ts'
import { readBody } from '#lib/http.ts'
import { isDeeper } from '#lib/is-deeper.ts'

// A note of 100,000 characters takes 600 kB where each is escaped.
const BODY_MAX_BYTES = 1_048_576
const DEPTH_MAX = 64

/** A JSON-RPC message as it arrived: an object, of which nothing more is known. */
export type Message = { method?: unknown; params?: Record<string, unknown> }

/** A JSON-RPC error without a result, as HTTP answers it. */
export function rpcError(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', id: null, error: { code, message } }, { status })
}

/** The JSON-RPC message of a request, one object of 1 MiB and 64 levels at most, or the answer that refuses it. Throws too_large. */
export async function readMessage(request: Request): Promise<Message | Response> {
  if (!isJsonContentType(request.headers.get('content-type'))) {
    throw new AppError('unsupported_type', 'Send the message as application/json.')
  }
  const body = await readBody(request, BODY_MAX_BYTES)
  let message: unknown
  try {
    message = JSON.parse(body)
  } catch {
    return rpcError(400, PARSE_ERROR, 'The body is not valid JSON.')
  }
  // Batches left the protocol with 2025-06-18, and two requests of one batch may bear the same id.
  if (Array.isArray(message)) return rpcError(400, INVALID_REQUEST, 'Batches are not supported; send one message in each request.')
  if (message === null || typeof message !== 'object') return rpcError(400, INVALID_REQUEST, 'A message is a JSON object.')
  if (isDeeper(message, DEPTH_MAX)) return rpcError(400, INVALID_REQUEST, `The message is nested deeper than ${DEPTH_MAX} levels.`)
  return message as Message
}
