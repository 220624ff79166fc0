import type { z } from 'zod'
import { type Operation, PARAMS, type Params, RequestMetadata } from '#lib/chatkit/protocol/requests.ts'
import { AppError } from '#lib/platform/errors.ts'

const MAX_DEPTH = 64

/**
 * A valid request. `requestId` is the client's own and identifies a repeated request; `resume` asks
 * for numbered streams.
 */
export type Parsed = {
  [O in Operation]: { type: O; params: Params<O>; requestId?: string; resume: boolean }
}[Operation]

/**
 * Reads a request's JSON (protocol section 1.3). Text that no database can hold (NUL, lone
 * surrogates) is replaced by U+FFFD. Throws bad_request with the name of the invalid field, also if
 * the request is nested deeper than 64 levels.
 */
export function parseRequest(body: unknown): Parsed {
  const request = clean(body, 0)
  if (!isObject(request))
    throw new AppError('bad_request', 'The request must be a JSON object with the fields "type" and "params".')
  const { type, params = {}, metadata } = request
  if (typeof type !== 'string') throw new AppError('bad_request', 'type is missing: it names the operation.')
  if (!Object.hasOwn(PARAMS, type))
    throw new AppError('bad_request', `type: there is no operation "${type.slice(0, 60)}".`)
  const operation = type as Operation
  const parsed = PARAMS[operation].safeParse(params)
  if (!parsed.success) throw new AppError('bad_request', sentence(parsed.error))
  const { data } = RequestMetadata.safeParse(metadata ?? {})
  return { type: operation, params: parsed.data, requestId: data?.request_id, resume: data?.resume ?? false } as Parsed
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

// Reports the first issue: it names the field and what is wrong with it.
function sentence(error: z.ZodError): string {
  const [first] = error.issues
  const field = ['params', ...(first?.path ?? [])].join('.').slice(0, 120)
  const message = first?.message.replace(/^Invalid input: /, '') ?? 'is wrong'
  return message.endsWith('received undefined') ? `${field} is missing.` : `${field}: ${message}.`
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (value === null || typeof value !== 'object') return value
  if (depth >= MAX_DEPTH) throw new AppError('bad_request', `The request is nested deeper than ${MAX_DEPTH} levels.`)
  if (Array.isArray(value)) return value.map((entry) => clean(entry, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [cleanText(key), clean(entry, depth + 1)]))
}

function cleanText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}
