import { randomBytes } from 'node:crypto'
import { z } from 'zod'

/** The name that a client gives itself. It is not verified and only shown in the ledger. */
export type ClientInfo = { name?: string; version?: string }

const Known = z.object({ name: z.string().max(100), version: z.string().max(50).optional() })

/** The client information as the client sent it; empty if it is malformed. */
export function toClientInfo(value: unknown): ClientInfo {
  return Known.safeParse(value).data ?? {}
}

/**
 * Makes a session id that carries the client's name. Clients of the revisions before 2026-07-28
 * name themselves only once, in `initialize`, and then send the session id back. The id holds
 * nothing else: no server keeps a session, and any replica can answer the next request.
 */
export function toSessionId(client: ClientInfo): string {
  const told = Buffer.from(JSON.stringify({ name: client.name, version: client.version })).toString('base64url')
  return `${randomBytes(16).toString('base64url')}.${told}`
}

/** The client information in a session id made by `toSessionId`; empty for any other id. */
export function readSessionId(sessionId: string | null): ClientInfo {
  const told = sessionId?.split('.')[1]
  if (!told || told.length > 1_000) return {}
  try {
    return toClientInfo(JSON.parse(Buffer.from(told, 'base64url').toString()))
  } catch {
    // Not one of our ids: the name is unknown.
    return {}
  }
}
