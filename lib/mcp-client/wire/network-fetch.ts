import { Refusal } from '#lib/mcp-client/refusal.ts'
import { EventMeter, type JsonLimits, JsonMeter } from '#lib/platform/json/json-meter.ts'
import { ForbiddenAddressError, pinnedFetch, type Reach, requireAllowed } from '#lib/platform/net/pinned-fetch.ts'

/** The limits (bytes) of one event stream, and of one answer or event. */
const STREAM_MAX_BYTES = 32 * 1024 * 1024
const ANSWER_MAX_BYTES = 12 * 1024 * 1024
/**
 * The limits of an answer's JSON, so that parsing does not block the process. The depth is cut
 * where the answer is read.
 */
const ANSWER_LIMITS: JsonLimits = { values: 60_000, depth: Number.POSITIVE_INFINITY, escapes: 500_000 }

/**
 * `fetch` for MCP servers, within `reach`: answers of at most 12 MiB and streams of at most 32 MiB,
 * redirects returned as they are. Runs share its connections, but never the MCP sessions on them.
 * Throws Refusal for a forbidden address, and WireError for a connection that breaks.
 */
export function networkFetch(reach: Reach): typeof fetch {
  const send = pinnedFetch(reach)
  return async (input, init) => {
    try {
      return limitBody(await send(input, init))
    } catch (error) {
      throw toRefusal(error)
    }
  }
}

/** Throws Refusal for an address that is forbidden even without resolving its name. */
export function requireReachable(url: URL, reach: Reach): void {
  try {
    requireAllowed(url, reach)
  } catch (error) {
    throw toRefusal(error)
  }
}

function toRefusal(error: unknown): unknown {
  if (!(error instanceof ForbiddenAddressError)) return error
  return new Refusal('denied', SENTENCES[error.why](error.host))
}

const SENTENCES: Record<ForbiddenAddressError['why'], (host: string) => string> = {
  scheme: () => 'Only http and https addresses can be servers.',
  credentials: () => 'The address of a server must not contain a name or password.',
  private: (host) =>
    `${host} is not an address of the public internet. The operator can allow private addresses with MCP_ALLOW_PRIVATE=on.`,
}

function limitBody({ body, status, headers }: Response): Response {
  return new Response(body?.pipeThrough(limitBytes(headers.get('content-type') ?? '')) ?? null, { status, headers })
}

function limitBytes(type: string): TransformStream<Uint8Array, Uint8Array> {
  const events = type.startsWith('text/event-stream')
  const meter = events ? new EventMeter(ANSWER_LIMITS, ANSWER_MAX_BYTES) : new JsonMeter(ANSWER_LIMITS)
  const max = events ? STREAM_MAX_BYTES : ANSWER_MAX_BYTES
  let left = max
  return new TransformStream({
    transform: (chunk, controller) => {
      left -= chunk.byteLength
      const excess = left < 0 ? 'bytes' : meter.feed(chunk)
      if (!excess) controller.enqueue(chunk)
      else if (left < 0) controller.error(new Error(`the answer is longer than ${max} bytes`))
      else controller.error(new Error(`the answer has too many ${excess}`))
    },
  })
}
