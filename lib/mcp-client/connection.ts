import { type MCPCallToolOptions, MCPServerStreamableHttp } from '@openai/agents'
import { beginToolCall, type FailureClass, finishToolCall, type ToolCallOutcome } from '#lib/data/tool-calls.ts'
import { env } from '#lib/env.ts'
import { log } from '#lib/log.ts'
import { failureStatus, mcpFailure, safeDetail, safeText } from '#lib/mcp-client/failure.ts'
import { sdkLogger } from '#lib/mcp-client/sdk-logger.ts'
import type { McpServer } from '#lib/mcp-client/servers.ts'
import { forgetTools, type McpTool, rememberedTools, rememberTools } from '#lib/mcp-client/tool-lists.ts'

const MODEL_TEXT_MAX_CHARS = 40_000

/** The run whose calls a connection makes. */
export type CallingRun = {
  id: string
  threadId: string
  userId: string
  /** Finds the model's id of a call that is about to be made. */
  callIdOf: (tool: string, args: unknown) => string | undefined
  /** Told of a call's end at once; the SDK tells of all calls of an answer together, when the slowest has ended. */
  onSettled?: (callId: string, facts: CallFacts) => void
}

/** What became of a call; the agent's events read it from the output item's custom data. */
export type CallFacts = { server: string; tool: string; durationMs: number; failure?: { class: FailureClass; sentence: string } }

const STALE_LIST: ReadonlySet<FailureClass> = new Set(['refused', 'dns', 'protocol_error', 'session_lost', 'bad_arguments'])

const FACTS = 'switchboard/call'

type Result = Awaited<ReturnType<MCPServerStreamableHttp['callToolResult']>>
type Attempt = { result?: Result; failure?: { class: FailureClass; sentence: string } }

/**
 * One run's connection to one MCP server: opened when first needed, its tools remembered for the person, every call in the
 * ledger before it is sent and settled after. A call never throws: its failure is a result that the model reads.
 */
export class ToolConnection extends MCPServerStreamableHttp {
  readonly server: McpServer
  readonly #run: CallingRun
  #tools: McpTool[] | undefined
  #rawNames = new Map<string, string>()
  #connecting: Promise<void> | undefined

  constructor(server: McpServer, run: CallingRun, send: typeof fetch) {
    const { MCP_CONNECT_TIMEOUT, MCP_CALL_TIMEOUT } = env()
    super({
      url: server.url,
      name: server.name,
      fetch: send,
      clientSessionTimeoutSeconds: MCP_CONNECT_TIMEOUT,
      timeout: MCP_CALL_TIMEOUT * 1000,
      logger: sdkLogger,
      customDataExtractor: ({ resultMeta }) => resultMeta?.[FACTS] as Record<string, unknown> | undefined,
      errorFunction: ({ error }) =>
        error instanceof SyntaxError ? 'The arguments were not valid JSON. Call the tool again with a JSON object.' : 'The tool failed.',
    })
    this.server = server
    this.#run = run
  }

  /** The server's tools under their own names: remembered ones without asking, else from the server. Throws what the SDK throws. */
  async loadTools(): Promise<McpTool[]> {
    const remembered = rememberedTools(this.server.url, this.#run.userId)
    if (remembered) return remembered
    await this.#connected()
    const tools = await super.listTools()
    rememberTools(this.server.url, this.#run.userId, tools)
    return tools
  }

  /** Decides under which names the model sees the tools. */
  offer(tools: McpTool[], publicName: (tool: McpTool) => string): void {
    this.#tools = tools.map((tool) => {
      const name = publicName(tool)
      this.#rawNames.set(name, tool.name)
      return { ...structuredClone(tool), name }
    })
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
    const callId = this.#run.callIdOf(name, args ?? {})
    let attempt: Attempt
    try {
      const id = await this.#begin(tool, args, callId)
      attempt = await this.#attempt(tool, args, meta, options)
      await this.#finish(id, attempt)
    } catch (error) {
      log.error({ error, server: this.server.name, tool }, 'tool call not recorded, so not made')
      attempt = { failure: { class: 'denied', sentence: 'The call was not made, because it could not be recorded.' } }
    }
    const { result, failure } = attempt
    const facts: CallFacts = { server: this.server.name, tool, durationMs: Math.round(performance.now() - started), failure }
    if (callId) this.#run.onSettled?.(callId, facts)
    if (failure)
      return { content: [{ type: 'text', text: `The call failed. ${failure.sentence}` }], isError: true, _meta: { [FACTS]: facts } }
    return { ...result, content: clipped(withSomething(result)), _meta: { ...result?._meta, [FACTS]: facts } } as Result
  }

  #connected(): Promise<void> {
    this.#connecting ??= super.connect()
    return this.#connecting
  }

  #begin(tool: string, args: Record<string, unknown> | null, callId: string | undefined): Promise<string> {
    const { id: runId, threadId, userId: ownerId } = this.#run
    return beginToolCall({ ownerId, via: 'chat', server: this.server.name, tool, arguments: args ?? {}, runId, threadId, callId })
  }

  async #attempt(
    tool: string,
    args: Record<string, unknown> | null,
    meta?: Record<string, unknown> | null,
    options?: MCPCallToolOptions,
  ): Promise<Attempt> {
    let phase: 'connect' | 'call' = 'connect'
    try {
      await this.#connected()
      phase = 'call'
      const result = await super.callToolResult(tool, args, meta, options)
      return result.isError ? { result, failure: toolError(result) } : { result }
    } catch (error) {
      const stopped = options?.signal?.aborted
      const { failureClass, sentence } = mcpFailure(stopped ? new DOMException('stopped', 'AbortError') : error, phase)
      log.warn({ error, server: this.server.name, tool, failure_class: failureClass }, 'tool call failed')
      // The remembered list may be why: the next turn asks again.
      if (STALE_LIST.has(failureClass)) forgetTools(this.server.url, this.#run.userId)
      return { failure: { class: failureClass, sentence } }
    }
  }

  async #finish(id: string, { result, failure }: Attempt): Promise<void> {
    const outcome: ToolCallOutcome = failure
      ? { status: failureStatus(failure.class), failureClass: failure.class, errorMessage: failure.sentence, result: recorded(result) }
      : { status: 'succeeded', result: recorded(result) }
    try {
      await finishToolCall({ id, ownerId: this.#run.userId }, outcome)
    } catch (error) {
      // The call was made: its answer counts more than its row, which stays pending until the run is settled.
      log.error({ error, tool_call_id: id }, 'tool call not settled in the ledger')
    }
  }
}

function toolError({ content }: Result): { class: FailureClass; sentence: string } {
  const said = content.flatMap((part) => (part.type === 'text' && typeof part.text === 'string' ? part.text : [])).join('\n')
  const badArguments = /^(input validation error|invalid arguments|wrong arguments for)|^mcp error -32602/i.test(said)
  return { class: badArguments ? 'bad_arguments' : 'tool_error', sentence: safeDetail(said) || 'The tool reported an error.' }
}

/** Some models cannot take an empty answer, and some servers send their data beside the content alone. */
function withSomething(result: Result | undefined): Result['content'] {
  if (result && result.content.length > 0) return result.content
  const { structuredContent } = result ?? {}
  return [{ type: 'text', text: structuredContent ? JSON.stringify(structuredContent) : 'Done. The tool gave no answer.' }]
}

/** What the ledger keeps of a result. */
function recorded(result: Result | undefined): unknown {
  if (!result) return undefined
  const { _meta, ...rest } = result
  if (!result.isError) return rest
  return { ...rest, content: rest.content.map((part) => (typeof part.text === 'string' ? { ...part, text: safeText(part.text) } : part)) }
}

function clipped(content: Result['content']): Result['content'] {
  return content.map((part) => {
    if (part.type !== 'text' || typeof part.text !== 'string' || part.text.length <= MODEL_TEXT_MAX_CHARS) return part
    const left = part.text.length - MODEL_TEXT_MAX_CHARS
    return { ...part, text: `${part.text.slice(0, MODEL_TEXT_MAX_CHARS)}\n[${left} more characters were cut off]` }
  }) as Result['content']
}
