import { readArguments } from '#lib/agent/models/openai/repair/call-arguments.ts'
import { findListedName, isUsableName, toStandInName } from '#lib/agent/models/openai/repair/called-names.ts'
import { type Echo, withoutEmpty, writeEcho } from '#lib/agent/models/openai/repair/echo.ts'
import { newId } from '#lib/platform/ids.ts'

/** Why an answer was cut off. */
export type Cut = 'length' | 'filter' | 'error' | 'malformed_call'

/** A call as a server sent it; any field may be missing or wrong. */
export type SentCall = {
  id?: unknown
  name: string
  arguments: unknown
  call?: Record<string, unknown>
  function?: Record<string, unknown>
}

/** A call that every server accepts in a later request. */
export type SoundCall = { callId: string; name: string; arguments: string }

// OpenAI's limit in Chat Completions.
const ID_MAX_CHARS = 40

const UNREADABLE =
  'The call was not made: its arguments have to be one whole JSON object. Call the tool again with one.'

/** The repairs of one answer of a model, and what the turn has to know about them. */
export class AnswerRepair {
  cut: Cut | undefined
  /** Fields of the message that its provider wants back with its calls. */
  message: Record<string, unknown> = {}
  /** The answer without thoughts, if that differs from what the server sent. */
  visible: string | undefined
  /** Calls that cannot be made, by call id, with what the model is told instead of a result. */
  readonly unmakeable = new Map<string, string>()
  readonly #listed: ReadonlySet<string>
  readonly #used: Set<string>
  readonly #origin: string
  readonly #echoes = new Map<string, Omit<Echo, 'origin' | 'message'>>()

  /**
   * `listed` are the names of the tools that the model was offered, `used` the ids of earlier
   * calls.
   */
  constructor(listed: ReadonlySet<string>, used: Iterable<string>, origin: string) {
    this.#listed = listed
    this.#used = new Set(used)
    this.#origin = origin
  }

  /**
   * Gives a call an id that no other has (an approval of one call must not count for another), the
   * name of the listed tool that it means, and readable arguments. A call with an unusable name or
   * unreadable arguments is noted as unmakeable.
   */
  admit({ id, name, arguments: args, call, function: asked }: SentCall): SoundCall {
    const callId = this.#freeId(id)
    const listed = findListedName(name, this.#listed)
    const usable = listed ?? (isUsableName(name) ? name : toStandInName(this.#listed))
    if (usable !== name && listed === undefined) this.unmakeable.set(callId, describeMissingTool(name))
    const text = readArguments(args)
    if (text === undefined && !this.unmakeable.has(callId)) this.unmakeable.set(callId, UNREADABLE)
    const own = typeof id === 'string' && id.length > ID_MAX_CHARS ? { id } : {}
    this.#echoes.set(callId, {
      ...own,
      ...(call && withoutEmpty(call) && { call }),
      ...(asked && withoutEmpty(asked) && { function: asked }),
    })
    return { callId, name: usable, arguments: text ?? '{}' }
  }

  /**
   * What has to go back with this call, as text; undefined if nothing has to. The message's fields
   * go with its first call.
   */
  echoOf(callId: string): string | undefined {
    const [first] = this.#echoes.keys()
    const message = callId === first ? withoutEmpty(this.message) : undefined
    return writeEcho({ origin: this.#origin, ...this.#echoes.get(callId), ...(message && { message }) })
  }

  #freeId(id: unknown): string {
    const isFree = typeof id === 'string' && id.trim() !== '' && id.length <= ID_MAX_CHARS && !this.#used.has(id)
    const free = isFree ? id : newId('call')
    this.#used.add(free)
    return free
  }
}

/** What a model is told if it calls a tool that does not exist. */
export function describeMissingTool(name: string): string {
  return `There is no tool named ${name.slice(0, 100)}. Use one of those that are listed.`
}

// Finish reasons of OpenAI, Anthropic, Bedrock, Gemini, Mistral, Cohere, DeepSeek, Zhipu, vLLM and
// servers that forward them.
const CUTS: Record<string, Cut> = {
  length: 'length',
  max_tokens: 'length',
  max_output_tokens: 'length',
  model_length: 'length',
  model_context_window_exceeded: 'length',
  max_length: 'length',
  token_limit: 'length',
  error_limit: 'length',
  content_filter: 'filter',
  safety: 'filter',
  recitation: 'filter',
  blocklist: 'filter',
  prohibited_content: 'filter',
  spii: 'filter',
  sensitive: 'filter',
  content_filtered: 'filter',
  guardrail_intervened: 'filter',
  refusal: 'filter',
  language: 'filter',
  error_toxic: 'filter',
  image_safety: 'filter',
  image_prohibited_content: 'filter',
  error: 'error',
  other: 'error',
  failed: 'error',
  timeout: 'error',
  time_limit: 'error',
  repetition: 'error',
  user_cancel: 'error',
  canceled: 'error',
  network_error: 'error',
  abort: 'error',
  cancelled: 'error',
  insufficient_system_resource: 'error',
  malformed_function_call: 'malformed_call',
  malformed_tool_call: 'malformed_call',
  unexpected_tool_call: 'malformed_call',
  too_many_tool_calls: 'malformed_call',
  malformed_response: 'malformed_call',
  missing_thought_signature: 'malformed_call',
}

/** What a finish reason means if the answer was cut off; undefined for any other. */
export function readCut(reason: string): Cut | undefined {
  // Vertex and Bedrock spell them differently: FINISH_REASON_SAFETY, content-filter, "max tokens".
  const key = reason
    .toLowerCase()
    .replace(/^finish_reason_/, '')
    .replace(/[\s-]+/g, '_')
  return Object.hasOwn(CUTS, key) ? CUTS[key] : undefined
}
