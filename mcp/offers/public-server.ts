import {
  type JSONRPCRequest,
  ProtocolError,
  ProtocolErrorCode,
  type Result,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import { toAppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'
import { describeIssues } from '#mcp/fields/describe-issues.ts'

type Handler = (request: JSONRPCRequest, ctx: ServerContext) => Promise<Result>

const Issues = z.array(z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() })).min(1)

/**
 * An SDK server whose errors are public sentences. By itself the SDK sends a handler's error
 * unchanged, and its validators' findings as a raw dump.
 */
export class PublicServer extends Server {
  protected override _wrapHandler(method: string, handler: Handler): Handler {
    const wrapped = super._wrapHandler(method, handler)
    return async (request, ctx) => {
      try {
        return await wrapped(request, ctx)
      } catch (thrown) {
        throw toPublic(method, thrown)
      }
    }
  }
}

function toPublic(method: string, thrown: unknown): ProtocolError {
  const issues = issuesIn(thrown)
  if (thrown instanceof ProtocolError && !issues) return thrown
  // An invalid result is our fault, so the client gets no details of it.
  if (issues && !(thrown as Error).message.startsWith(`Invalid ${method} result`)) {
    const problems = issues.map(({ path, message }) => ({ path: path[0] === 'params' ? path.slice(1) : path, message }))
    return new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `Wrong params for ${method}. ${describeIssues(problems, 'params')}.`,
    )
  }
  const error = toAppError(thrown)
  const ours = error.status >= 500
  log[ours ? 'error' : 'info']({ error: thrown, code: error.code }, 'mcp request failed')
  return new ProtocolError(ours ? ProtocolErrorCode.InternalError : ProtocolErrorCode.InvalidParams, error.message)
}

/**
 * The issues in an error of the SDK's validators, which throw either a sentence or a bare list of
 * issues as indented JSON.
 */
function issuesIn(thrown: unknown): z.infer<typeof Issues> | undefined {
  const message = thrown instanceof Error ? thrown.message : ''
  const begin = message.indexOf('[\n')
  if (begin < 0) return undefined
  try {
    return Issues.safeParse(JSON.parse(message.slice(begin))).data
  } catch {
    // Not JSON, so it is a sentence.
    return undefined
  }
}
