import { randomBytes } from 'node:crypto'
import { z } from 'zod'

/** What a client calls itself. It is not proven and only shown in the ledger. */
export type ClientInfo = { name?: string; version?: string }

const Known = z.object({ name: z.string().max(100), version: z.string().max(50).optional() })

/** Client information as a client sent it, or nothing where it is none. */
export function toClientInfo(value: unknown): ClientInfo {
  return Known.safeParse(value).data ?? {}
}

/**
 * Clients of the revisions before 2026-07-28 name themselves once, in `initialize`, and then send back the session id that
 * they were given. Ours holds that name and nothing else: no server keeps a session, any replica answers the next request.
 */
export function sessionIdFor(client: ClientInfo): string {
  const told = Buffer.from(JSON.stringify({ name: client.name, version: client.version })).toString('base64url')
  return `${randomBytes(16).toString('base64url')}.${told}`
}

/** The client information in a session id of `sessionIdFor`; nothing in any other. */
export function fromSessionId(sessionId: string | null): ClientInfo {
  const told = sessionId?.split('.')[1]
  if (!told || told.length > 1_000) return {}
  try {
    return toClientInfo(JSON.parse(Buffer.from(told, 'base64url').toString()))
  } catch {
    // Not an id of ours: then the name is unknown.
    return {}
  }
}
