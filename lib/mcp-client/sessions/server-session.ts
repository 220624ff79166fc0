import {
  Client,
  type ClientCapabilities,
  ProtocolError,
  ProtocolErrorCode,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import { withDeadline } from '#lib/platform/deadline.ts'
import { log } from '#lib/platform/log.ts'
import { VERSION } from '#lib/platform/version.ts'

/** How servers know us. */
export const CLIENT_INFO = { name: 'switchboard', title: 'Switchboard', version: VERSION }
// A server that does not answer to the end of its session holds nobody up for longer.
const END_MS = 5_000
/** How long (ms) the end of a session waits for what tells the server that a request was cancelled. */
const CANCEL_MS = 1_000

type Options = {
  url: string
  /** The way to the server, which adds the identity. */
  send: typeof fetch
  /** The connect timeout (ms), of the whole handshake. */
  connectMs: number
  /** What we can do for the server while it works for us. By default nothing. */
  capabilities?: ClientCapabilities
  /** `initialize`: connects as a client that knows only revisions before 2026-07-28. */
  handshake?: 'discover' | 'initialize'
  /** Goes on in a session that was begun earlier, without a handshake. */
  resumes?: SessionName
}

/** By what a server knows a session (2025-11-25). Who knows it can use the session. */
export type SessionName = { id: string; version?: string }

/**
 * A session with an MCP server: a client, its transport, and their end. Whatever the server keeps
 * for the session is ended by `close`, even if that comes during the handshake, unless it is kept.
 */
export class ServerSession {
  /**
   * Makes requests once the session is open. Handlers are set before. If a server answers that it
   * needs input (2026-07-28), a request fails unless it allows that: nothing is answered unseen.
   */
  readonly client: Client
  readonly #options: Options
  readonly #transport: StreamableHTTPClientTransport
  /** True if the session is left to the server, because it holds what we come back for. */
  isKept = false
  readonly #cancelling = new Set<Promise<unknown>>()
  #opening: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(options: Options) {
    const { url, send, capabilities = {}, handshake = 'discover', resumes } = options
    this.#options = options
    this.#transport = new StreamableHTTPClientTransport(new URL(url), {
      fetch: (input, init) => this.#noted(send(input, init), init),
      ...(resumes && { sessionId: resumes.id, protocolVersion: resumes.version }),
    })
    this.client = new Client(CLIENT_INFO, {
      capabilities,
      versionNegotiation: { mode: handshake === 'discover' ? 'auto' : 'legacy' },
      inputRequired: { autoFulfill: false },
    })
    this.client.fallbackRequestHandler = async ({ method }) => refuseRequest(method)
  }

  /** By what the server knows this session; undefined if it keeps none. */
  get name(): SessionName | undefined {
    const { sessionId: id, protocolVersion: version } = this.#transport
    return id === undefined ? undefined : { id, ...(version !== undefined && { version }) }
  }

  /**
   * Resolves when the session is open. Throws what the SDK throws, a timeout if the handshake takes
   * too long, or an AbortError if the session is closed meanwhile. A session that did not open is
   * closed.
   */
  open(): Promise<void> {
    if (this.#closing) return Promise.reject(toClosed())
    this.#opening ??= this.#open()
    return this.#opening
  }

  /**
   * Closes the connection and ends the session at the server, within 5 s after the handshake. Never
   * throws.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #open(): Promise<void> {
    const { connectMs } = this.#options
    try {
      await withDeadline(this.client.connect(this.#transport, { timeout: connectMs }), connectMs, () => {
        throw toTimeout()
      })
    } catch (error) {
      void this.close()
      throw error
    }
    if (this.#closing) throw toClosed()
  }

  /** Notes a notice of cancellation that is on its way: closing the transport would abort it. */
  #noted(sending: Promise<Response>, init: RequestInit | undefined): Promise<Response> {
    if (typeof init?.body !== 'string' || !init.body.includes('"notifications/cancelled"')) return sending
    const sent = sending.catch(() => undefined).finally(() => this.#cancelling.delete(sent))
    this.#cancelling.add(sent)
    return sending
  }

  async #close(): Promise<void> {
    // During a handshake the id of the session may be on its way.
    await this.#opening?.catch(() => undefined)
    await withDeadline(Promise.all(this.#cancelling), CANCEL_MS, () => undefined)
    const { sessionId, protocolVersion } = this.#transport
    // The client has no transport before the revision is known.
    await (this.client.transport ? this.client : this.#transport).close()
    if (sessionId !== undefined && !this.isKept) await this.#end(sessionId, protocolVersion)
  }

  /** A request of its own, because closing the transport aborts all of the transport's. */
  async #end(sessionId: string, protocolVersion: string | undefined): Promise<void> {
    const { url, send } = this.#options
    const headers = {
      'mcp-session-id': sessionId,
      ...(protocolVersion !== undefined && { 'mcp-protocol-version': protocolVersion }),
    }
    try {
      const response = await send(url, { method: 'DELETE', headers, signal: AbortSignal.timeout(END_MS) })
      await response.body?.cancel()
    } catch (error) {
      log.debug({ error }, 'the session at an MCP server was not ended')
    }
  }
}

/** Tells a server plainly that we do not do what it asks for. */
function refuseRequest(method: string): never {
  const name = NOT_OFFERED[method]
  throw new ProtocolError(
    ProtocolErrorCode.MethodNotFound,
    name === undefined ? `Switchboard does not know ${method.slice(0, 100)}.` : `Switchboard does not offer ${name}.`,
  )
}

const NOT_OFFERED: Record<string, string> = {
  'sampling/createMessage': 'sampling, and did not declare it: its model answers its person alone',
  'roots/list': 'roots, and did not declare them: it has no folders to share',
  'elicitation/create': 'elicitation at this moment: no person is present',
}

function toTimeout(): Error {
  return Object.assign(new Error('the handshake took too long'), { code: 'ETIMEDOUT' })
}

function toClosed(): Error {
  return new DOMException('the session was closed', 'AbortError')
}
