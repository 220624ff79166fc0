import type { z } from 'zod'
import { consumeLimit, type Limit } from '#lib/auth/limits/rate-limit.ts'
import { requireSession, type Session } from '#lib/auth/sessions/session.ts'
import { parseFields } from '#lib/auth/sign-in/parse-fields.ts'
import type { SessionCaller } from '#lib/platform/crypto/caller.ts'
import { env } from '#lib/platform/env.ts'
import { notFound } from '#lib/platform/errors.ts'
import { answerRequest, readJson, requireSameOrigin } from '#lib/platform/http/http.ts'
import { log } from '#lib/platform/log.ts'
import { type AnsweredRequest, countRequest } from '#lib/platform/metrics/http-metrics.ts'

/** The changes that one person may make through routes that have no limit of their own. */
const CHANGES: Limit = {
  ...{ name: 'changes', points: 120, seconds: 60, flood: true },
  said: 'You have sent 120 changes within a minute.',
}

/** The largest body (bytes) of a route with a `body`, if its gate names no other. */
const BODY_MAX = 8_192

/** Methods that change nothing, so that a page of another site may link to them. */
const READING = new Set(['GET', 'HEAD'])

/** What a route asks of a request before its handler runs. The defaults are the safe ones. */
export type Gate<Body extends z.ZodType = z.ZodType, Key extends string = string> = {
  /**
   * Who is let in: a signed-in person (default), an admin (others get not_found), or anybody with
   * `none`.
   */
  session?: 'person' | 'admin' | 'none'
  /** The person's rate limit. Without one, changes share a limit and reading has none. */
  limit?: Limit | (() => Limit)
  /** The fields of the JSON body. Without them the handler reads the body, with a limit of its own. */
  body?: Body
  /** The largest body (bytes), if that is not 8,192. */
  bodyMax?: number
  /** The names in brackets in the route's path. */
  params?: readonly Key[]
}

/** A request that passed its route's gate. */
export type Visit<Body = undefined, Key extends string = never> = {
  request: Request
  params: Record<Key, string>
  body: Body
}

/** The same, from a person who is signed in. */
export type SignedVisit<Body = undefined, Key extends string = never> = Visit<Body, Key> & {
  caller: SessionCaller
  session: Session
}

type Context<Key extends string> = [Key] extends [never] ? [] : [{ params: Promise<Record<Key, string>> }]
type Handler<Key extends string> = (request: Request, ...context: Context<Key>) => Promise<Response>

const gates = new WeakMap<object, Gate>()

/**
 * Makes a route's handler. It refuses, in this order: a change (any method but GET and HEAD) from
 * another site's page, a request without a session, one over the limit, and a body that does not
 * fit. Errors become JSON responses.
 *
 * @example
 * export const POST = route({ body: z.object({ name: PersonName }) }, async ({ caller, body }) =>
 *   jsonResponse(await rename(caller, body.name)))
 */
export function route<Body extends z.ZodType = z.ZodUndefined, const Key extends string = never>(
  gate: Gate<Body, Key> & { session: 'none'; limit?: never },
  handler: (visit: Visit<z.output<Body>, Key>) => Promise<Response>,
): Handler<Key>
export function route<Body extends z.ZodType = z.ZodUndefined, const Key extends string = never>(
  gate: Gate<Body, Key> & { session?: 'person' | 'admin' },
  handler: (visit: SignedVisit<z.output<Body>, Key>) => Promise<Response>,
): Handler<Key>
export function route(gate: Gate, handler: (visit: never) => Promise<Response>): Handler<string> {
  const handle: Handler<string> = async (request, context) => {
    const beganAt = performance.now()
    const answer = await answerRequest(request, async () => {
      const changes = !READING.has(request.method)
      if (changes) requireSameOrigin(request, env().APP_URL)
      const signed = gate.session === 'none' ? {} : await requireVisitor(request, gate, changes)
      const body = gate.body && parseFields(gate.body, await readJson(request, gate.bodyMax ?? BODY_MAX))
      return handler({ request, params: await context?.params, body, ...signed } as never)
    })
    const milliseconds = performance.now() - beganAt
    const { method } = request
    const answered = { route: nameRoute(request, await context?.params), method, status: answer.status, milliseconds }
    countRequest(answered)
    if (env().ACCESS_LOG === 'on') logRequest(answered, answer.headers.get('x-request-id'))
    return answer
  }
  gates.set(handle, gate)
  return handle
}

function logRequest({ milliseconds, ...told }: AnsweredRequest, request_id: string | null): void {
  log.info({ ...told, duration_ms: Math.round(milliseconds), request_id }, 'request')
}

/** The route of a request: its path, with each variable part as its name in brackets. */
function nameRoute(request: Request, params: Record<string, string | string[]> = {}): string {
  const parts = new URL(request.url).pathname.split('/')
  for (const [name, value] of Object.entries(params)) {
    if (Array.isArray(value)) parts.splice(-value.length, value.length, `[...${name}]`)
    else parts[parts.findLastIndex((part) => part === value || part === encodeURIComponent(value))] = `[${name}]`
  }
  return parts.join('/')
}

/** The gate of a handler that `route` made. */
export function findGate(handler: object): Gate | undefined {
  return gates.get(handler)
}

async function requireVisitor(
  request: Request,
  gate: Gate,
  changes: boolean,
): Promise<Pick<SignedVisit, 'caller' | 'session'>> {
  const session = await requireSession(request)
  const { caller } = session
  if (gate.session === 'admin' && caller.role !== 'admin') throw notFound('This address')
  const limit = typeof gate.limit === 'function' ? gate.limit() : (gate.limit ?? (changes ? CHANGES : undefined))
  if (limit) await consumeLimit(limit, caller.userId)
  return { caller, session }
}
