import type { MCPCallToolOptions, MCPServer } from '@openai/agents'
import { findPolicy, type ToolPolicy } from '#lib/data/servers/policies.ts'
import { AnswerWatch } from '#lib/mcp-client/answers/answer-watch.ts'
import { readCallFacts, toCallFacts, withCallFacts } from '#lib/mcp-client/calls/call-facts.ts'
import { currentCallId } from '#lib/mcp-client/calls/call-id.ts'
import type { CallingRun, CallRefusal } from '#lib/mcp-client/calls/calling-run.ts'
import { deadlinesOf } from '#lib/mcp-client/calls/deadlines.ts'
import { MadeCalls } from '#lib/mcp-client/calls/made-calls.ts'
import { mayRetry } from '#lib/mcp-client/calls/repeat-rules.ts'
import {
  type Attempt,
  type Result,
  TASK_RESULT,
  toDeclined,
  toDenied,
  WAITING_RESULT,
} from '#lib/mcp-client/calls/results.ts'
import { attemptCall } from '#lib/mcp-client/connection/attempt-call.ts'
import { concludeCall } from '#lib/mcp-client/connection/conclude-call.ts'
import { type OutgoingCall, toOutgoingCall } from '#lib/mcp-client/connection/outgoing-call.ts'
import type { Way } from '#lib/mcp-client/connection/send-call.ts'
import { ASKS, AskableCalls } from '#lib/mcp-client/questions/askable-calls.ts'
import type { WaitingCall } from '#lib/mcp-client/questions/asking.ts'
import { toRetryParams } from '#lib/mcp-client/questions/wanted-input.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { ServerSession, type SessionName } from '#lib/mcp-client/sessions/server-session.ts'
import { SessionKeeper } from '#lib/mcp-client/sessions/session-keeper.ts'
import { TAKES_TASKS } from '#lib/mcp-client/tasks/task-wire.ts'
import { askTools, type Listing } from '#lib/mcp-client/tools/ask-tools.ts'
import { type Filled, removeBoundArguments } from '#lib/mcp-client/tools/bound-arguments.ts'
import { type OfferedTool, OfferedTools } from '#lib/mcp-client/tools/offered-tools.ts'
import { expireTools, type McpTool } from '#lib/mcp-client/tools/tool-lists.ts'

/** The layer between a connection and the network, which adds the person's identity. */
export type Wire = { send: typeof fetch; fill?: (tool: string, args: Record<string, unknown>) => Promise<Filled> }

/**
 * One run's connection to one MCP server. It opens when first needed and remembers the person's
 * tool list. Every call is in the ledger before it is sent and is settled after. A call never
 * throws: its failure is a result that the model reads.
 */
export class ToolConnection implements MCPServer {
  readonly server: McpServer
  readonly cacheToolsList = false
  readonly #run: CallingRun
  readonly #policies: ToolPolicy[]
  readonly #fill: Wire['fill']
  readonly #watch: AnswerWatch | undefined
  readonly #offered: OfferedTools
  readonly #open = new AskableCalls()
  /** The calls of this run, without the arguments that the session fills in. */
  readonly made = new MadeCalls()
  readonly #keeper: SessionKeeper

  constructor(server: McpServer, run: CallingRun, { send, fill }: Wire, policies: ToolPolicy[] = []) {
    this.server = server
    this.#run = run
    this.#policies = policies
    this.#fill = fill
    this.#offered = new OfferedTools(server, policies)
    // Our own server needs no repairs, and the checks would slow down each call.
    this.#watch = server.builtin ? undefined : new AnswerWatch(send, { questions: !!run.asking, tasks: !!run.tasks })
    this.#keeper = new SessionKeeper((resumes) => this.#begin(this.#watch?.fetch ?? send, resumes))
  }

  get name(): string {
    return this.server.name
  }

  /** True if the server is told that its person can be asked. */
  get asks(): boolean {
    return !this.server.builtin && this.#run.asking !== undefined
  }

  readonly customDataExtractor: MCPServer['customDataExtractor'] = ({ resultMeta }) => readCallFacts(resultMeta)

  readonly errorFunction: MCPServer['errorFunction'] = ({ error }) =>
    error instanceof SyntaxError
      ? 'The arguments were not valid JSON. Call the tool again with a JSON object.'
      : 'The tool failed.'

  async connect(): Promise<void> {
    await this.#keeper.session.open()
  }

  /** Ends every session that was begun, within 5 s after its handshake. Never throws. */
  close(): Promise<void> {
    return this.#keeper.close()
  }

  /** Asks the server for its tools. Throws what the SDK throws. */
  askTools(): Promise<Listing> {
    return askTools(this.server, this.#keeper.session, { timeoutMs: this.#connectMs, leftOut: this.#watch?.leftOut })
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
    for (const tool of tools) this.#offered.add({ name: publicName(tool), tool, filledIn: filledIn(tool.name) })
  }

  /** The tool with this public name, as its server lists it, and an admin's policy for it. */
  offered(publicName: string): OfferedTool | undefined {
    return this.#offered.ruled(this.#offered.named(publicName))
  }

  /** The tool with this name at its server, and the public name under which it is offered. */
  offeredRaw(tool: string): OfferedTool | undefined {
    return this.#offered.ruled(this.#offered.raw(tool))
  }

  /** The definition of the tool with this name at its server. */
  listed(tool: string): McpTool | undefined {
    return this.#offered.raw(tool)?.tool
  }

  /** The parameters of a tool that the session fills in. */
  filledIn(tool: string): string[] {
    return this.#offered.raw(tool)?.filledIn ?? []
  }

  async listTools(): Promise<McpTool[]> {
    return this.#offered.forModel
  }

  async callTool(...call: Parameters<MCPServer['callTool']>) {
    return (await this.callToolResult(...call)).content
  }

  async callToolResult(
    name: string,
    args: Record<string, unknown> | null,
    meta?: Record<string, unknown> | null,
    options?: MCPCallToolOptions,
  ): Promise<Result> {
    const started = performance.now()
    const call = await this.#outgoing(name, args ?? {}, { meta, callId: currentCallId(), signal: options?.signal })
    let attempt = await this.#attempt(call)
    const judged = { builtin: this.server.builtin, tool: call.listed, policy: call.policy }
    const again = !call.signal?.aborted && !attempt.hasAsked && mayRetry(judged, attempt.failure)
    if (again) attempt = await this.#attempt(call)
    return this.#concluded(call, attempt, started)
  }

  /**
   * Goes on with a call that waited for answers, and sends them once, or whose task has a result. It
   * must be a tool of this server. The result is as of any call, or that of one that waits again.
   */
  async continueCall(waiting: WaitingCall, signal?: AbortSignal): Promise<Result> {
    const { name, args, callId, rowId, workedMs, rounds } = waiting
    const started = performance.now()
    const resumes = { rowId, workedMs, rounds, task: waiting.task, params: toRetryParams(waiting) }
    const call = { ...(await this.#outgoing(name, args, { meta: undefined, callId, signal })), resumes }
    return this.#concluded(call, await this.#attempt(call), started)
  }

  /** The result of a call, or what stands for it while the call waits for answers. */
  async #concluded(call: OutgoingCall, attempt: Attempt, started: number): Promise<Result> {
    const ended = await concludeCall(call, attempt, this.#way)
    if (ended) return this.#settled(call, ended, started)
    return attempt.goesOn ? TASK_RESULT : WAITING_RESULT
  }

  /**
   * Records a call that is not made, because a person or a rule says so. Returns what the model
   * reads instead of a result.
   */
  async refuse(
    name: string,
    args: Record<string, unknown>,
    callId: string,
    { sentence, declined }: CallRefusal,
  ): Promise<string> {
    const started = performance.now()
    const call = await this.#outgoing(name, args, { meta: undefined, callId, signal: undefined })
    const problem = declined ? toDeclined(sentence) : toDenied(sentence)
    const { content } = await this.#settled(call, await this.#attempt({ ...call, problem }), started)
    return String(content[0]?.text)
  }

  /**
   * Reports the end of a call to the run, after the files of its result are kept. Resolves to what
   * the model reads.
   */
  async #settled(call: OutgoingCall, attempt: Attempt, started: number): Promise<Result> {
    const { tool, args, callId } = call
    this.made.settle(tool, removeBoundArguments(args, this.server), callId, attempt.failure?.status)
    const ms = performance.now() - started
    const files = attempt.result && (await this.#run.keepFiles?.({ server: this.name, tool }, attempt.result))
    const facts = toCallFacts(this.server, tool, attempt, { ms, files })
    if (callId) this.#run.onSettled?.(callId, facts)
    return withCallFacts(attempt, facts)
  }

  /** Nothing is remembered here; see `tool-lists.ts`. */
  async invalidateToolsCache(): Promise<void> {}

  #begin(send: typeof fetch, resumes?: SessionName): ServerSession {
    const { url, builtin } = this.server
    const capabilities = { ...(this.asks && ASKS), ...(!builtin && this.#run.tasks && TAKES_TASKS) }
    const connectMs = this.#connectMs
    const session = new ServerSession({ url, send, connectMs, capabilities, ...(resumes && { resumes }) })
    if (this.asks) this.#open.listen(session.client, (id) => this.#watch?.asks.takeCallOf(id))
    session.client.setNotificationHandler('notifications/tools/list_changed', () =>
      expireTools(this.server, this.#run.userId),
    )
    return session
  }

  get #connectMs(): number {
    return deadlinesOf(findPolicy(this.#policies, this.name, '')).connectMs
  }

  #outgoing(
    publicName: string,
    args: Record<string, unknown>,
    made: Pick<OutgoingCall, 'meta' | 'callId' | 'signal'>,
  ): Promise<OutgoingCall> {
    const tool = this.#offered.named(publicName)?.tool.name ?? publicName
    const about = { server: this.server, run: this.#run, policies: this.#policies, fill: this.#fill }
    const asked = { name: publicName, args }
    return toOutgoingCall(about, { tool, listed: this.listed(tool), args }, { ...made, asked })
  }

  get #way(): Way {
    return { server: this.server, run: this.#run, keeper: this.#keeper, watch: this.#watch, open: this.#open }
  }

  /** Makes one attempt, which the ledger records. */
  #attempt(call: OutgoingCall): Promise<Attempt> {
    return attemptCall(call, this.#way)
  }
}
