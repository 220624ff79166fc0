import { type MCPCallToolOptions, MCPServerStreamableHttp } from '@openai/agents'
import { type EffectivePolicy, findPolicy, type ToolPolicy } from '#lib/data/servers/policies.ts'
import { AnswerWatch } from '#lib/mcp-client/answers/answer-watch.ts'
import { readCallFacts, toCallFacts, withCallFacts } from '#lib/mcp-client/calls/call-facts.ts'
import { CallRow, type OutgoingCall } from '#lib/mcp-client/calls/call-row.ts'
import type { CallingRun } from '#lib/mcp-client/calls/calling-run.ts'
import { noteCall, whyEnded } from '#lib/mcp-client/calls/calls-under-way.ts'
import { checkOutput } from '#lib/mcp-client/calls/check-output.ts'
import { CallClocks, deadlinesOf } from '#lib/mcp-client/calls/deadlines.ts'
import { MadeCalls } from '#lib/mcp-client/calls/made-calls.ts'
import { type Progress, sayProgress, Throttle } from '#lib/mcp-client/calls/progress.ts'
import { mayRetry, onlyReads } from '#lib/mcp-client/calls/repeat-rules.ts'
import {
  type Attempt,
  type Result,
  type Times,
  toDeclined,
  toDenied,
  toolError,
} from '#lib/mcp-client/calls/results.ts'
import { newSpan, type TraceContext, traceparent } from '#lib/mcp-client/calls/trace.ts'
import {
  type Listing,
  listing,
  onListChanged,
  sendAlong,
  withQuietSchema,
} from '#lib/mcp-client/connection/sdk-gaps.ts'
import { sdkLogger } from '#lib/mcp-client/connection/sdk-logger.ts'
import { describeAsks, type Phase, toMcpFailure } from '#lib/mcp-client/failures/mcp-failure.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { type Filled, hideBoundParameters, removeBoundArguments } from '#lib/mcp-client/tools/bound-arguments.ts'
import { toModelTool } from '#lib/mcp-client/tools/model-tool.ts'
import { OfferedTools } from '#lib/mcp-client/tools/offered-tools.ts'
import { expireTools, forgetTools, type McpTool, mayBeStale } from '#lib/mcp-client/tools/tool-lists.ts'
import { env } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'

// The SDK's timeout must never expire first: only ours can tell an idle timeout from a total one.
const SDK_MARGIN_MS = 60_000

type Call = OutgoingCall & {
  meta: Record<string, unknown> | null | undefined
  signal: AbortSignal | undefined
  /** Set if the call cannot be sent, because a value that must be filled in is unknown. */
  problem?: Attempt
}

/** The layer between a connection and the network, which adds the person's identity. */
export type Wire = { send: typeof fetch; fill?: (tool: string, args: Record<string, unknown>) => Promise<Filled> }

/**
 * One run's connection to one MCP server. It opens when first needed and remembers the person's
 * tool list. Every call is in the ledger before it is sent and is settled after. A call never
 * throws: its failure is a result that the model reads.
 */
export class ToolConnection extends MCPServerStreamableHttp {
  readonly server: McpServer
  readonly #run: CallingRun
  readonly #policies: ToolPolicy[]
  #tools: McpTool[] | undefined
  readonly #offered = new OfferedTools()
  readonly #fill: Wire['fill']
  readonly #watch: AnswerWatch | undefined
  /** The calls of this run, without the arguments that the session fills in. */
  readonly made = new MadeCalls()
  #connecting: Promise<void> | undefined

  constructor(server: McpServer, run: CallingRun, { send, fill }: Wire, policies: ToolPolicy[] = []) {
    // Our own server needs no repairs, and the checks would slow down each call.
    const watch = server.builtin ? undefined : new AnswerWatch(send)
    super({
      url: server.url,
      name: server.name,
      fetch: watch?.fetch ?? send,
      clientSessionTimeoutSeconds: deadlinesOf(findPolicy(policies, server.name, '')).connectMs / 1000,
      timeout: env().MCP_CALL_HARD_TIMEOUT * 1000 + SDK_MARGIN_MS,
      logger: sdkLogger,
      customDataExtractor: ({ resultMeta }) => readCallFacts(resultMeta),
      errorFunction: ({ error }) =>
        error instanceof SyntaxError
          ? 'The arguments were not valid JSON. Call the tool again with a JSON object.'
          : 'The tool failed.',
    })
    this.server = server
    this.#run = run
    this.#policies = policies
    this.#fill = fill
    this.#watch = watch
    sendAlong(this)
  }

  /** Asks the server for its tools. Throws what the SDK throws. */
  async askTools(): Promise<Listing> {
    await this.#connected()
    const list = await listing(this, deadlinesOf(findPolicy(this.#policies, this.server.name, '')).connectMs)
    const leftOut = this.#watch?.leftOut.splice(0) ?? []
    if (leftOut.length > 0)
      log.warn({ server: this.server.name, left_out: leftOut.slice(0, 20) }, 'tools of an MCP server are left out')
    return list
  }

  /**
   * Sets the names under which the model sees the tools. `filledIn` returns the parameters of a
   * tool that the session fills in.
   */
  offer(
    tools: McpTool[],
    publicName: (tool: McpTool) => string,
    filledIn: (tool: string) => string[] = () => [],
  ): void {
    this.#tools = tools.map((tool) => {
      const name = publicName(tool)
      this.#offered.add({ name, tool, filledIn: filledIn(tool.name) })
      return { ...withQuietSchema(hideBoundParameters(toModelTool(tool).tool ?? tool, this.server)), name }
    })
  }

  /** The tool with this public name, as its server lists it, and an admin's policy for it. */
  offered(publicName: string): { name: string; tool: McpTool; policy: EffectivePolicy } | undefined {
    const entry = this.#offered.named(publicName)
    return (
      entry && {
        name: entry.name,
        tool: entry.tool,
        policy: findPolicy(this.#policies, this.server.name, entry.tool.name),
      }
    )
  }

  /** The tool with this name at its server, and the public name under which it is offered. */
  offeredRaw(tool: string): { name: string; tool: McpTool; policy: EffectivePolicy } | undefined {
    const entry = this.#offered.raw(tool)
    return entry && this.offered(entry.name)
  }

  /** The definition of the tool with this name at its server. */
  listed(tool: string): McpTool | undefined {
    return this.#offered.raw(tool)?.tool
  }

  /** The parameters of a tool that the session fills in. */
  filledIn(tool: string): string[] {
    return this.#offered.raw(tool)?.filledIn ?? []
  }

  override async listTools(): Promise<McpTool[]> {
    return this.#tools ?? []
  }

  override async callTool(...call: Parameters<MCPServerStreamableHttp['callTool']>) {
    return (await this.callToolResult(...call)).content
  }

  override async callToolResult(
    name: string,
    args: Record<string, unknown> | null,
    meta?: Record<string, unknown> | null,
    options?: MCPCallToolOptions,
  ): Promise<Result> {
    const started = performance.now()
    const callId = this.#run.callIdOf(name, args ?? {})
    const call = await this.#outgoing(this.#offered.named(name)?.tool.name ?? name, args ?? {}, {
      meta,
      callId,
      signal: options?.signal,
    })
    let attempt = await this.#recorded(call)
    if (!call.signal?.aborted && mayRetry(this.#judged(call), attempt.failure)) attempt = await this.#recorded(call)
    this.made.settle(call.tool, removeBoundArguments(call.args, this.server), callId, attempt.failure?.status)
    const facts = toCallFacts(this.server, call.tool, attempt, performance.now() - started)
    if (callId) this.#run.onSettled?.(callId, facts)
    return withCallFacts(attempt, facts)
  }

  #connected(): Promise<void> {
    if (!this.#connecting) {
      const connecting = super
        .connect()
        .then(() => onListChanged(this, () => expireTools(this.server, this.#run.userId)))
      this.#connecting = connecting
      // The next call tries again.
      connecting.catch(() => {
        if (this.#connecting === connecting) this.#connecting = undefined
      })
    }
    return this.#connecting
  }

  /** The call as it will be sent: values from the session replace those from the model. */
  async #outgoing(
    tool: string,
    args: Record<string, unknown>,
    made: Pick<Call, 'meta' | 'callId' | 'signal'>,
  ): Promise<Call> {
    const { name } = this.server
    const call = {
      server: name,
      tool,
      listed: this.listed(tool),
      policy: findPolicy(this.#policies, name, tool),
      ...made,
    }
    try {
      return { ...call, ...((await this.#fill?.(tool, args)) ?? { args, filledIn: [] }) }
    } catch (error) {
      const { failureClass, sentence, status, sent } = toMcpFailure(error, 'connect')
      log.warn({ error, server: name, tool, failure_class: failureClass }, 'tool call not made')
      return {
        ...call,
        args: removeBoundArguments(args, this.server),
        filledIn: [],
        problem: { failure: { class: failureClass, sentence, status, sent } },
      }
    }
  }

  #judged({ listed, policy }: Pick<Call, 'listed' | 'policy'>) {
    return { builtin: this.server.builtin, tool: listed, policy }
  }

  /** Makes one attempt, recorded in the ledger before it is sent and settled after. */
  async #recorded(call: Call): Promise<Attempt> {
    const span = newSpan(this.#run.id)
    const refused = this.#run.refusal?.(call.callId)
    const unsent = refused ? (refused.declined ? toDeclined : toDenied)(refused.sentence) : call.problem
    let row: CallRow
    try {
      if (unsent) return await CallRow.unsent(call, this.#run, span, unsent)
      row = await CallRow.begin(call, this.#run, span)
    } catch (error) {
      log.error({ error, server: this.server.name, tool: call.tool }, 'tool call not recorded, so not made')
      return toDenied('The call was not made, because it could not be recorded.')
    }
    const attempt = await this.#attempt(call, span)
    await row.settle(attempt)
    return attempt
  }

  /**
   * Makes one attempt. If it fails, whatever the server asked for meanwhile is reported as the
   * reason.
   */
  async #attempt(call: Call, span: TraceContext): Promise<Attempt> {
    const attempt = await this.#sent(call, span)
    const { failure } = attempt
    const asks = this.#watch?.takeAsks(traceparent(span)) ?? []
    if (!failure || asks.length === 0 || failure.class === 'cancelled') return attempt
    return {
      ...attempt,
      failure: { ...failure, class: 'input_required', sentence: `${describeAsks(asks)} ${failure.sentence}` },
    }
  }

  async #sent({ tool, listed, args, meta, callId, signal, policy }: Call, span: TraceContext): Promise<Attempt> {
    let phase: Phase = 'connect'
    let clocks: CallClocks | undefined
    const times: Times = {}
    const started = performance.now()
    using underWay = noteCall(this.server.id ?? this.server.name, this.#run.userId)
    using shown = new Throttle<string>((said) => callId && this.#run.onProgress?.(callId, said))
    const connecting = this.#connected()
    try {
      await connecting
      times.connectedMs = Math.round(performance.now() - started)
      phase = 'call'
      const deadlines = deadlinesOf(policy)
      const running = new CallClocks(deadlines)
      clocks = running
      const options = {
        signal: AbortSignal.any([...(signal ? [signal] : []), running.signal, underWay.signal]),
        timeout: deadlines.hardMs + SDK_MARGIN_MS,
        // With an output schema, the SDK would discard a result that does not match it, and would
        // not call a tool whose schema it cannot read.
        toolDefinition: this.server.builtin || !listed ? undefined : { ...listed, outputSchema: undefined },
        onprogress: (progress: Progress) => {
          times.firstSignMs ??= Math.round(performance.now() - started)
          running.wind()
          shown.push(sayProgress(progress))
        },
      }
      const answer = await super.callToolResult(tool, args, { ...meta, traceparent: traceparent(span) }, options)
      const result = this.server.builtin ? answer : checkOutput(answer, listed)
      return result.isError ? { result, failure: toolError(result), times } : { result, times }
    } catch (error) {
      const { failureClass, sentence, status, sent } = toMcpFailure(
        signal?.aborted || underWay.signal.aborted ? new DOMException('stopped', 'AbortError') : error,
        phase,
        {
          expired: clocks?.expired,
          readOnly: onlyReads(this.#judged({ listed, policy })),
        },
      )
      log.warn(
        { error, server: this.server.name, tool, failure_class: failureClass, trace_id: span.traceId },
        'tool call failed',
      )
      if (mayBeStale(failureClass)) forgetTools(this.server, this.#run.userId)
      if (failureClass === 'session_lost' && this.#connecting === connecting) this.#connecting = undefined
      const ended = failureClass === 'cancelled' ? (whyEnded(this.#run.signal) ?? whyEnded(underWay.signal) ?? '') : ''
      return { failure: { class: failureClass, sentence: ended + sentence, status, sent }, times }
    } finally {
      clocks?.stop()
    }
  }
}
