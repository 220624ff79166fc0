import type { CallToolResult } from '@modelcontextprotocol/server'
import type { z } from 'zod'
import { hasScope } from '#lib/auth/tokens/scopes.ts'
import { joinSources } from '#lib/data/notebook/content-sources.ts'
import { findPerson } from '#lib/data/people/users.ts'
import { beginToolCall, type NewToolCall, recordToolCall, type ToolCallOutcome } from '#lib/data/runs/ledger.ts'
import { settleToolCall } from '#lib/data/runs/settle-tool-call.ts'
import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { AppError, OutcomeUnknownError, toAppError } from '#lib/platform/errors.ts'
import { findCurrentRequestId, log } from '#lib/platform/log.ts'
import { recordSpan } from '#lib/platform/telemetry/record-span.ts'
import type { TraceContext } from '#lib/platform/telemetry/trace-context.ts'
import type { ClientInfo } from '#mcp/client-info.ts'
import type { Report, Tool, ToolContext } from '#mcp/define-tool.ts'
import { describeIssues } from '#mcp/fields/describe-issues.ts'
import { toSourcesMeta } from '#mcp/sources-meta.ts'

/** The name of this server, in the ledger and to clients. */
export const SERVER = 'switchboard'

// Longer than a transaction may take (15 s), shorter than the minute that clients wait.
const DEADLINE_MS = 20_000

type Call = {
  tool: Tool
  args: Record<string, unknown>
  caller: Caller
  client: ClientInfo
  signal: AbortSignal
  report: Report
  /** Where the content of the assistant's conversation comes from; none for an outside client. */
  sources?: string[]
  /** The client's position in a trace. */
  trace?: TraceContext | undefined
}

/**
 * Runs one tool call from start to end: scope, arguments, the work under a deadline of 20 s, and
 * the ledger. Never throws: a failure becomes an `isError` result with a public sentence. The agent
 * writes calls of runs to the ledger.
 */
export async function runTool(call: Call, deadlineMs = DEADLINE_MS): Promise<CallToolResult> {
  const { tool, args, caller } = call
  if (tool.scope && !hasScope(caller, tool.scope)) return toError(`This token may not use ${tool.scope}.`)
  if (caller.via !== 'token') return toResult(call, await settleCall(call, deadlineMs))
  const entry = entryOf(tool, args, caller, call.client)
  try {
    if (tool.access === 'read') {
      // A read leaves nothing behind if the process dies. One row is enough, written before the
      // answer is sent.
      const startedAt = new Date()
      const outcome = await settleCall(call, deadlineMs)
      await recordToolCall(entry, startedAt, outcome)
      return toResult(call, outcome)
    }
    const id = await beginToolCall(entry)
    const outcome = await settleCall(call, deadlineMs)
    await settleToolCall({ id, ownerId: caller.userId }, outcome)
    return toResult(call, outcome)
  } catch (error) {
    return toError(toFailure(error, call).errorMessage)
  }
}

type Outcome = ToolCallOutcome & { output?: Record<string, unknown> }

/** Does the work and returns its outcome. Never throws. */
async function settleCall(call: Call, deadlineMs: number): Promise<Outcome> {
  const started = performance.now()
  const beganAt = Date.now()
  const record = (failure?: string) => recordSpan({ ...toSpan(call.tool.name), beganAt, parent: call.trace, failure })
  const durationMs = () => Math.round(performance.now() - started)
  const found: string[][] = []
  try {
    const output = await withDeadline(
      executeTool(call, (sources) => found.push(sources)),
      deadlineMs,
      () => {
        throw toTooSlow(call.tool, deadlineMs)
      },
    )
    record()
    return { status: 'succeeded', result: output, output, sources: joinSources(...found), durationMs: durationMs() }
  } catch (error) {
    const failure = toFailure(error, call)
    record(failure.failureClass)
    return { ...failure, durationMs: durationMs() }
  }
}

function toSpan(tool: string) {
  const attributes = { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': tool }
  return { name: `tools/call ${tool}`, kind: 'server', attributes } as const
}

function entryOf(
  tool: Tool,
  args: Record<string, unknown>,
  caller: Caller & { via: 'token' },
  client: ClientInfo,
): NewToolCall {
  return {
    ownerId: caller.userId,
    via: 'mcp',
    server: SERVER,
    tool: tool.name,
    arguments: args,
    tokenId: caller.tokenId,
    clientName: client.name ?? caller.clientName,
    clientVersion: client.version,
  }
}

async function executeTool(
  { tool, args, caller, signal, report, sources = [] }: Call,
  noteSources: ToolContext['noteSources'],
): Promise<Record<string, unknown>> {
  const parsed = tool.input.safeParse(args)
  if (!parsed.success) throw new BadArguments(tool.name, parsed.error)
  const person = await findPerson(caller.userId)
  if (!person) throw new AppError('unauthenticated', 'This account no longer exists.')
  // From here on, only the tool knows whether it can stop.
  signal.throwIfAborted()
  return tool.output.parse(
    await tool.run(parsed.data, {
      ...{ caller, person, timeZone: person.timeZone ?? 'UTC', signal, report },
      ...{ sources, noteSources },
    }),
  )
}

class BadArguments extends AppError {
  constructor(tool: string, { issues }: z.ZodError) {
    super('bad_request', `Wrong arguments for ${tool}. ${describeIssues(issues, 'arguments')}.`)
  }
}

class TooSlow extends AppError {}

function toTooSlow(tool: Tool, ms: number): TooSlow {
  const advice =
    tool.access === 'read' ? 'Try again later.' : 'It may have taken effect: check before you call it again.'
  return new TooSlow('unavailable', `${tool.name} took longer than ${ms / 1000} s. ${advice}`)
}

function toFailure(thrown: unknown, { tool, signal }: Call): Outcome {
  if (signal.aborted && thrown === signal.reason)
    return { status: 'cancelled', failureClass: 'cancelled', errorMessage: 'The client cancelled this call.' }
  const error = toAppError(thrown)
  const ours = error.status >= 500
  log[ours ? 'error' : 'info']({ error: thrown, code: error.code, tool: tool.name }, 'tool call failed')
  const failureClass = classOf(error)
  const unknown = tool.access !== 'read' && (failureClass === 'hard_timeout' || failureClass === 'outcome_unknown')
  const message =
    error.code === 'internal' && findCurrentRequestId()
      ? `${error.message} Request id: ${findCurrentRequestId()}`
      : error.message
  return { status: unknown ? 'unknown' : 'failed', failureClass, errorMessage: message }
}

function classOf(error: AppError): FailureClass {
  if (error instanceof BadArguments) return 'bad_arguments'
  if (error instanceof TooSlow) return 'hard_timeout'
  if (error instanceof OutcomeUnknownError) return 'outcome_unknown'
  return error.code === 'forbidden' ? 'forbidden' : 'tool_error'
}

function unknownArguments(tool: Tool, args: Record<string, unknown>): string[] {
  return Object.keys(args).filter((name) => !Object.hasOwn(tool.input.shape, name))
}

function toResult({ tool, args, caller }: Call, { output, errorMessage, sources = [] }: Outcome): CallToolResult {
  if (!output) return toError(errorMessage)
  const text = [JSON.stringify(output)]
  const ignored = unknownArguments(tool, args)
  // Some clients add arguments of their own, so unknown ones are no error. But a model that
  // misspelled one must learn of it.
  if (ignored.length > 0)
    text.push(`Ignored, because the tool has no such argument: ${ignored.slice(0, 10).join(', ').slice(0, 200)}.`)
  // Only our own chat shows widgets.
  const widget = caller.via === 'run' ? tool.widget?.(output) : undefined
  const _meta = {
    ...(widget && { 'switchboard/widget': widget }),
    ...toSourcesMeta(caller, sources)._meta,
  }
  return {
    content: text.map((part) => ({ type: 'text', text: part })),
    structuredContent: output,
    ...(Object.keys(_meta).length > 0 && { _meta }),
  }
}

function toError(message = ''): CallToolResult {
  return { content: [{ type: 'text', text: message }], isError: true }
}
