import { randomBytes } from 'node:crypto'
import {
  isInitializeRequest,
  type McpServer,
  type Server,
  WebStandardStreamableHTTPServerTransport as Transport,
} from '@modelcontextprotocol/server'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { log } from '#lib/platform/log.ts'
import { registerShutdownHook } from '#lib/platform/process/shutdown.ts'
import { processState } from '#lib/platform/process-state.ts'

const SESSIONS_MAX = 500
const EACH_PERSON_MAX = 20
const IDLE_MS = 30 * 60_000
// `toSessionId` never makes an id with this prefix.
const PREFIX = '~'

/** `holder` is the token or grant that started it. */
type Session = { userId: string; holder: string; transport: Transport; expiry: NodeJS.Timeout }

const sessions = processState('mcp sessions', () => {
  registerShutdownHook('mcp sessions', async () => {
    for (const id of sessions().keys()) endSession(id)
  })
  return new Map<string, Session>()
})

/**
 * True for the id of a session with a channel to the client. Such a session lives in one process.
 */
export function isChannelId(sessionId: string | null): sessionId is string {
  return sessionId?.startsWith(PREFIX) ?? false
}

/**
 * True if an older client says in `initialize` that it can be asked something (elicitation,
 * sampling), which needs a channel to it.
 */
export function wantsChannel(message: unknown): boolean {
  if (!isInitializeRequest(message)) return false
  const { elicitation, sampling } = message.params.capabilities
  return Boolean(elicitation ?? sampling)
}

/**
 * Returns the transport of a new session of this caller, connected to `server`, for the
 * `initialize` that starts it. The session ends after 30 minutes without a request, when the client
 * asks, or with the process. A person who has 20 sessions loses the one unused for longest. Returns
 * null if the process has 500: none of our tools needs a session, so the client is served without.
 */
export async function beginSession(caller: Caller, server: Server | McpServer): Promise<Transport | null> {
  const open = sessions()
  const own = [...open].filter(([, { userId }]) => userId === caller.userId)
  if (own.length >= EACH_PERSON_MAX && own[0]) endSession(own[0][0])
  if (open.size >= SESSIONS_MAX) return null
  const id = PREFIX + randomBytes(24).toString('base64url')
  const transport = new Transport({
    sessionIdGenerator: () => id,
    onsessioninitialized: () => {
      open.set(id, {
        userId: caller.userId,
        holder: toHolder(caller),
        transport,
        expiry: setTimeout(endSession, IDLE_MS, id).unref(),
      })
    },
    onsessionclosed: () => endSession(id),
  })
  transport.onerror = ({ message }) => log.info({ reason: message.slice(0, 300) }, 'mcp request refused')
  await server.connect(transport)
  return transport
}

/**
 * Returns the transport of the caller's session and restarts its expiry. Returns null if the
 * session belongs to another person, token or process, or has ended.
 */
export function findSession(caller: Caller, id: string): Transport | null {
  const session = sessions().get(id)
  if (session?.userId !== caller.userId || session.holder !== toHolder(caller)) return null
  session.expiry.refresh()
  // The map is ordered by last use, so the session that was unused for longest is the first to go.
  sessions().delete(id)
  sessions().set(id, session)
  return session.transport
}

/**
 * Identifies what the caller authenticated with. A grant keeps its id when its tokens are
 * refreshed.
 */
export function toHolder(caller: Caller): string {
  if (caller.via === 'token') return caller.tokenId
  return caller.via === 'run' ? caller.runId : caller.via
}

function endSession(id: string): void {
  const session = sessions().get(id)
  if (!session) return
  sessions().delete(id)
  clearTimeout(session.expiry)
  session.transport.close().catch((error) => log.warn({ error }, 'an mcp session did not close'))
}
