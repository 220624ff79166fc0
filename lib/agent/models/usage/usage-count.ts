import type { ModelRequest, StreamEvent } from '@openai/agents'
import { estimateTokens } from '#lib/agent/models/estimate-tokens.ts'
import { findServerError } from '#lib/agent/models/openai/failures/server-error.ts'
import { CALL_GROWS } from '#lib/agent/models/openai/repair/call-grows.ts'
import { findUsageRefusal } from '#lib/agent/models/usage/usage-refusal.ts'
import type { RunFailureClass } from '#lib/data/runs/run-failures.ts'
import { TOKENS_MAX, type TokensUsed } from '#lib/data/usage/model-requests.ts'

const BYTES_PER_TOKEN = 4
/** A request that used nothing. */
export const UNUSED: TokensUsed = { input: 0, cached: 0, output: 0, reasoning: 0, isEstimated: false }

type Done = Extract<StreamEvent, { type: 'response_done' }>

/** Counts what one request uses, from what its server says and, where it says nothing, from its size. */
export class UsageCount {
  readonly #request: ModelRequest
  #input: number | undefined
  #bytes = 0
  #reported: TokensUsed | undefined

  constructor(request: ModelRequest) {
    this.#request = request
  }

  /** The estimate of the request's input (tokens). Made only if needed: it reads the whole request. */
  get input(): number {
    const { input, systemInstructions, tools, handoffs } = this.#request
    this.#input ??= Math.min(TOKENS_MAX, estimateTokens([input, systemInstructions ?? '', tools, handoffs]))
    return this.#input
  }

  /** Notes an event of the answer. */
  note(event: StreamEvent): void {
    if (event.type === 'output_text_delta') this.#bytes += Buffer.byteLength(event.delta)
    else if (event.type === 'model') this.#bytes += sizeOfUnsaid(event.event)
    else if (event.type === 'response_done') this.#end(event)
  }

  #end({ response: { usage, output } }: Done): void {
    // The whole answer also has what came without deltas.
    this.#bytes = Math.max(this.#bytes, estimateTokens(output) * BYTES_PER_TOKEN)
    const reported = readUsage(usage)
    // An answer that says something is never free.
    this.#reported = reported?.output === 0 ? { ...reported, output: this.output, isEstimated: true } : reported
  }

  /** The estimate of the answer so far (tokens). */
  get output(): number {
    return Math.min(TOKENS_MAX, Math.ceil(this.#bytes / BYTES_PER_TOKEN))
  }

  /** What was used so far: as the server says, else an estimate. */
  get used(): TokensUsed {
    if (this.#reported) return this.#reported
    return { ...UNUSED, input: this.input, output: this.output, isEstimated: true }
  }

  /** What a request used that failed with `error`: nothing if the server refused it. */
  usedDespite(error: unknown): TokensUsed {
    return this.#bytes === 0 && isUncharged(error) ? UNUSED : this.used
  }
}

/** Deltas of the Responses API whose text is no part of what is said. */
const UNSAID = new Set([
  'response.reasoning_summary_text.delta',
  'response.reasoning_text.delta',
  'response.custom_tool_call_input.delta',
  'response.mcp_call_arguments.delta',
  'response.code_interpreter_call_code.delta',
])

type RawDelta = { reasoning?: unknown; reasoning_content?: unknown; [CALL_GROWS]?: unknown }
type RawEvent = { type?: unknown; delta?: unknown; bytes?: unknown; choices?: { delta?: RawDelta }[] }

/** What a raw event of either API brings (bytes) of thoughts and of calls' arguments, and not of text. */
function sizeOfUnsaid(event: unknown): number {
  const { type, delta, bytes, choices } = (event ?? {}) as RawEvent
  if (type === CALL_GROWS) return isCount(bytes) ? bytes : 0
  if (typeof type === 'string') return UNSAID.has(type) ? sizeOf(delta) : 0
  if (!Array.isArray(choices)) return 0
  return choices.reduce((sum, { delta: said = {} }) => {
    const grown = said[CALL_GROWS]
    return sum + sizeOf(said.reasoning ?? said.reasoning_content) + (isCount(grown) ? grown : 0)
  }, 0)
}

function sizeOf(text: unknown): number {
  return typeof text === 'string' ? Buffer.byteLength(text) : 0
}

/** Of requests that no model has read: no server was reached or named, or there is no key for it. */
const UNREAD: ReadonlySet<RunFailureClass> = new Set([
  'model_unreachable',
  'model_forbidden_address',
  'model_not_found',
  'model_unauthorised',
])

/** True if the request never reached the model, or its server answered with an error. */
export function isUncharged(error: unknown): boolean {
  if (findUsageRefusal(error)) return true
  const said = findServerError(error)
  if (!said) return false
  const { status } = said.detail
  return UNREAD.has(said.failureClass) || (status !== undefined && status >= 400)
}

/**
 * The usage that a server reported, or undefined if it cannot be true: a request always has input,
 * and no request has more than `TOKENS_MAX`.
 */
export function readUsage(usage: Done['response']['usage']): TokensUsed | undefined {
  const [input, output] = [usage.inputTokens, usage.outputTokens]
  if (!isCount(input) || input === 0 || !isCount(output)) return undefined
  return {
    input,
    output,
    cached: Math.min(input, readDetail(usage.inputTokensDetails, 'cached_tokens')),
    reasoning: Math.min(output, readDetail(usage.outputTokensDetails, 'reasoning_tokens')),
    isEstimated: false,
  }
}

/** True for a whole number from 0 to `TOKENS_MAX`. */
export function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= TOKENS_MAX
}

/** The SDK's types allow one object, and a list of one for each request. */
function readDetail(details: unknown, key: string): number {
  const list = (Array.isArray(details) ? details : [details]) as (Record<string, unknown> | undefined)[]
  const counts = list.map((entry) => entry?.[key]).filter(isCount)
  return counts.reduce((sum, count) => sum + count, 0)
}
