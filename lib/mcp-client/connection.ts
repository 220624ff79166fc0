import { type MCPCallToolOptions, MCPServerStreamableHttp } from '@openai/agents'
import { beginToolCall, finishToolCall, type ToolCallOutcome } from '#lib/data/ledger.ts'
import { type EffectivePolicy, policyOf, type ToolPolicy } from '#lib/data/policies.ts'
import type { FailureClass } from '#lib/data/tool-calls.ts'
import { env } from '#lib/env.ts'
import { log } from '#lib/log.ts'
import { CallClocks, deadlinesOf } from '#lib/mcp-client/deadlines.ts'
import { type CallPhase, mcpFailure } from '#lib/mcp-client/failure.ts'
import { type Progress, sayProgress, Throttle } from '#lib/mcp-client/progress.ts'
import { type SentWidget, sentWidget } from '#lib/mcp-client/result-widget.ts'
import { type Attempt, clipped, denied, type Result, recorded, type Times, toolError, withSomething } from '#lib/mcp-client/results.ts'
import { type Listing, listing, onListChanged, sendAlong, withQuietSchema } from '#lib/mcp-client/sdk-gaps.ts'
import { sdkLogger } from '#lib/mcp-client/sdk-logger.ts'
import { markedNames, withoutSensitive } from '#lib/mcp-client/sensitive.ts'
import type { McpServer } from '#lib/mcp-client/servers.ts'
import { expireTools, forgetTools, type McpTool } from '#lib/mcp-client/tool-lists.ts'
import { newSpan, type TraceContext, traceparent } from '#lib/mcp-client/trace.ts'

// The SDK's own clock must not be the first to run out: ours know which of the two it was.
const SDK_MARGIN_MS = 60_000

/** The run whose calls a connection makes. */
export type CallingRun = {
  id: string
  threadId: string
  userId: string
  /** The person's message that the run answers: another attempt at it has the same. */
  turnId?: string
  /** Finds the model's id of a call that is about to be made. */
  callIdOf: (tool: string, args: unknown) => string | undefined
  /** Why a call must not be made, as a sentence: it goes into the ledger as denied. */
  refusal?: (callId: string | undefined) => string | undefined
  /** Told of a call's progress in words, four times a second at most. */
  onProgress?: (callId: string, said: string) => void
  /** Set where the call is one of the ledger that is made again, outside any run. */
  repeats?: { callId: string; by: string }
  /** Told of a call's end at once; the SDK tells of all calls of an answer together, when the slowest has ended. */
  onSettled?: (callId: string, facts: CallFacts) => void
}

/** What became of a call; the agent's events read it from the output item's custom data. */
export type CallFacts = {
  server: string
  tool: string
  durationMs: number
  failure?: { class: FailureClass; sentence: string }
  widget?: SentWidget
}

const STALE_LIST: ReadonlySet<FailureClass> = new Set(['refused', 'dns', 'protocol_error', 'session_lost', 'bad_arguments'])
// Worth a second try at once: the others would fail the same way, or have waited long already.
const PASSING: ReadonlySet<FailureClass> = new Set(['session_lost', 'transport_lost', 'outcome_unknown'])

const FACTS = 'switchboard/call'

type Call = {
  tool: string
  args: Record<string, unknown>
  meta: Record<string, unknown> | null | undefined
  callId: string | undefined
  signal: AbortSignal | undefined
  policy: EffectivePolicy
}

/**
 * One run's connection to one MCP server: opened when first needed, its tools remembered for the person, every call in the
 * ledger before it is sent and settled after. A call never throws: its failure is a result that the model reads.
 */
export class ToolConnection extends MCPServerStreamableHttp {
  readonly server: McpServer
  readonly #run: CallingRun
  readonly #policies: ToolPolicy[]
  #tools: McpTool[] | undefined
  #listed = new Map<string, McpTool>()
  #rawNames = new Map<string, string>()
  #connecting: Promise<void> | undefined

  constructor(server: McpServer, run: CallingRun, send: typeof fetch, policies: ToolPolicy[] = []) {
    super({
      url: server.url,
      name: server.name,
      fetch: send,
      clientSessionTimeoutSeconds: deadlinesOf(policyOf(policies, server.name, '')).connectMs / 1000,
      timeout: env().MCP_CALL_HARD_TIMEOUT * 1000 + SDK_MARGIN_MS,
      logger: sdkLogger,
      customDataExtractor: ({ resultMeta }) => resultMeta?.[FACTS] as Record<string, unknown> | undefined,
      errorFunction: ({ error }) =>
        error instanceof SyntaxError ? 'The arguments were not valid JSON. Call the tool again with a JSON object.' : 'The tool failed.',
    })
    this.server = server
    this.#run = run
    this.#policies = policies
    sendAlong(this)
  }

  /** Asks the server for its tools. Throws what the SDK throws. */
  async askTools(): Promise<Listing> {
    await this.#connected()
    return listing(this, deadlinesOf(policyOf(this.#policies, this.server.name, '')).connectMs)
  }

  /** Decides under which names the model sees the tools. */
  offer(tools: McpTool[], publicName: (tool: McpTool) => string): void {
    this.#tools = tools.map((tool) => {
      const name = publicName(tool)
      this.#rawNames.set(name, tool.name)
      this.#listed.set(tool.name, tool)
      return { ...withQuietSchema(tool), name }
    })
  }

  /** The tool behind a name that the model sees, as its server lists it, and what an admin decided about it. */
  offered(publicName: string): { tool: McpTool; policy: EffectivePolicy } | undefined {
    const raw = this.#rawNames.get(publicName)
    const tool = raw === undefined ? undefined : this.#listed.get(raw)
    return tool && { tool, policy: policyOf(this.#policies, this.server.name, tool.name) }
  }

  /** The tool of this own name, with the one under which it is offered. */
  offeredRaw(tool: string): { name: string; tool: McpTool; policy: EffectivePolicy } | undefined {
    const name = [...this.#rawNames].find(([, raw]) => raw === tool)?.[0]
    const offered = name === undefined ? undefined : this.offered(name)
    return name !== undefined && offered ? { name, ...offered } : undefined
  }

  /** The tool of this own name, as the server lists it. */
  listed(tool: string): McpTool | undefined {
    return this.#listed.get(tool)
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
    const tool = this.#rawNames.get(name) ?? name
    const started = performance.now()
    const policy = policyOf(this.#policies, this.server.name, tool)
    const callId = this.#run.callIdOf(name, args ?? {})
    const call: Call = { tool, args: args ?? {}, meta, callId, signal: options?.signal, policy }
    let attempt = await this.#recorded(call)
    if (this.#mayRepeat(call, attempt)) attempt = await this.#recorded(call)
    const { result } = attempt
    const failure = attempt.failure && { class: attempt.failure.class, sentence: `${attempt.failure.sentence} (${attempt.failure.class})` }
    const facts: CallFacts = {
      server: this.server.name,
      tool,
      durationMs: Math.round(performance.now() - started),
      failure,
      widget: sentWidget(this.server, result?._meta),
    }
    if (callId) this.#run.onSettled?.(callId, facts)
    if (failure)
      return { content: [{ type: 'text', text: `The call failed. ${failure.sentence}` }], isError: true, _meta: { [FACTS]: facts } }
    return { ...result, content: clipped(withSomething(result)), _meta: { ...result?._meta, [FACTS]: facts } } as Result
  }

  #connected(): Promise<void> {
    if (!this.#connecting) {
      const connecting = super.connect().then(() => onListChanged(this, () => expireTools(this.server, this.#run.userId)))
      this.#connecting = connecting
      // The next call tries again.
      connecting.catch(() => {
        if (this.#connecting === connecting) this.#connecting = undefined
      })
    }
    return this.#connecting
  }

  /** One attempt, in the ledger before it is sent and after. */
  async #recorded(call: Call): Promise<Attempt> {
    const span = newSpan(this.#run.id)
    const hidden = this.#hiddenNames(call)
    let id: string
    try {
      id = await this.#begin(call, span, hidden)
    } catch (error) {
      log.error({ error, server: this.server.name, tool: call.tool }, 'tool call not recorded, so not made')
      return denied('The call was not made, because it could not be recorded.')
    }
    const refused = this.#run.refusal?.(call.callId)
    const attempt = refused ? denied(refused) : await this.#attempt(call, span)
    await this.#finish(id, attempt, hidden)
    return attempt
  }

  #begin({ tool, args, callId }: Call, span: TraceContext, hidden: string[]): Promise<string> {
    const { id: runId, threadId, turnId, userId: ownerId, repeats } = this.#run
    const stored = withoutSensitive(args, hidden)
    const origin = repeats
      ? ({ via: 'repeat', repeatOf: repeats.callId, repeatedBy: repeats.by } as const)
      : ({ via: 'chat', runId, turnId, callId } as const)
    return beginToolCall({
      ...{ ownerId, server: this.server.name, tool, threadId: threadId || undefined, ...origin, ...span },
      arguments: args,
      stored,
    })
  }

  async #attempt({ tool, args, meta, callId, signal, policy }: Call, span: TraceContext): Promise<Attempt> {
    let phase: CallPhase = 'connect'
    let clocks: CallClocks | undefined
    const times: Times = {}
    const started = performance.now()
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
        signal: signal ? AbortSignal.any([signal, running.signal]) : running.signal,
        timeout: deadlines.hardMs + SDK_MARGIN_MS,
        toolDefinition: this.#listed.get(tool),
        onprogress: (progress: Progress) => {
          times.firstSignMs ??= Math.round(performance.now() - started)
          running.wind()
          shown.push(sayProgress(progress))
        },
      }
      const result = await super.callToolResult(tool, args, { ...meta, traceparent: traceparent(span) }, options)
      return result.isError ? { result, failure: toolError(result), times } : { result, times }
    } catch (error) {
      const { failureClass, sentence, status, sent } = mcpFailure(signal?.aborted ? stopped() : error, phase, clocks?.expired)
      log.warn({ error, server: this.server.name, tool, failure_class: failureClass, trace_id: span.traceId }, 'tool call failed')
      // The remembered list may be why: the next turn asks again.
      if (STALE_LIST.has(failureClass)) forgetTools(this.server, this.#run.userId)
      if (failureClass === 'session_lost' && this.#connecting === connecting) this.#connecting = undefined
      return { failure: { class: failureClass, sentence, status, sent }, times }
    } finally {
      clocks?.stop()
    }
  }

  /** True where a second try cannot do anything twice: the first was surely not carried out, or an admin confirmed that it may be repeated. */
  #mayRepeat({ tool, signal, policy }: Call, { failure }: Attempt): boolean {
    if (!failure || signal?.aborted || !PASSING.has(failure.class)) return false
    const { readOnlyHint, idempotentHint } = this.#listed.get(tool)?.annotations ?? {}
    const confirmed = this.server.builtin || policy.repeatable
    return !failure.sent || (confirmed && (readOnlyHint === true || idempotentHint === true))
  }

  #hiddenNames({ tool, policy }: Call): string[] {
    const { inputSchema, outputSchema } = this.#listed.get(tool) ?? {}
    return [...policy.hidden, ...markedNames(inputSchema), ...markedNames(outputSchema)]
  }

  async #finish(id: string, { result, failure, times }: Attempt, hidden: string[]): Promise<void> {
    const outcome: ToolCallOutcome = {
      ...(failure ? { status: failure.status, failureClass: failure.class, errorMessage: failure.sentence } : { status: 'succeeded' }),
      result: recorded(result),
      stored: withoutSensitive(recorded(result), hidden),
      ...times,
    }
    try {
      await finishToolCall({ id, ownerId: this.#run.userId }, outcome)
    } catch (error) {
      // The call was made: its answer counts more than its row, which stays pending until the run is settled.
      log.error({ error, tool_call_id: id }, 'tool call not settled in the ledger')
    }
  }
}

function stopped(): DOMException {
  return new DOMException('stopped', 'AbortError')
}
