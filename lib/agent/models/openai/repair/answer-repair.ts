import { readArguments } from '#lib/agent/models/openai/repair/call-arguments.ts'
import { type Echo, withoutEmpty, writeEcho } from '#lib/agent/models/openai/repair/echo.ts'
import { findListedName, isUsableName, toStandInName } from '#lib/agent/models/openai/repair/tool-names.ts'
import { newId } from '#lib/platform/ids.ts'

/** Why an answer ends before its end. */
export type Cut = 'length' | 'filter' | 'error' | 'malformed_call'

/** A call as a server sent it; any field may be missing or wrong. */
export type SentCall = {
  id?: unknown
  name: string
  arguments: unknown
  call?: Record<string, unknown>
  function?: Record<string, unknown>
}

/** A call that every server takes back. */
export type SoundCall = { callId: string; name: string; arguments: string }

// OpenAI's limit in Chat Completions.
const ID_MAX_CHARS = 40

const UNREADABLE =
  'The call was not made: its arguments have to be one whole JSON object. Call the tool again with such.'

/** What is put right in one answer of a model, with all that the turn has to know of it. */
export class AnswerRepair {
  cut: Cut | undefined
  /** Fields of the message that its provider wants back with its calls. */
  message: Record<string, unknown> = {}
  /** The answer without thoughts, if it differs from what the server sent. */
  visible: string | undefined
  /** By call id: calls that cannot be made, with what the model is told instead of a result. */
  readonly unmakeable = new Map<string, string>()
  readonly #listed: ReadonlySet<string>
  readonly #used: Set<string>
  readonly #origin: string
  readonly #echoes = new Map<string, Omit<Echo, 'origin' | 'message'>>()

  /** `listed` are the names of the tools that the model was offered, `used` the ids of earlier calls. */
  constructor(listed: ReadonlySet<string>, used: Iterable<string>, origin: string) {
    this.#listed = listed
    this.#used = new Set(used)
    this.#origin = origin
  }

  /**
   * The call under an id that no other has (a person's yes to one must not be taken for another's), the name of a listed tool and readable
   * arguments. One that has neither is kept from being made.
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

  /** What has to come back with this call, as it travels; undefined if nothing has to. The message's fields are with its first call. */
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

/** What a model is told that calls a tool which is not there. */
export function describeMissingTool(name: string): string {
  return `There is no tool named ${name.slice(0, 100)}. Use one of those that are listed.`
}

// By the words of OpenAI, Anthropic, Bedrock, Gemini, Mistral, Cohere, DeepSeek, Zhipu, vLLM and those that forward them.
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

/** What a reason to finish means, if the answer ends before its end. */
export function readCut(reason: string): Cut | undefined {
  // Vertex and Bedrock spell them in other ways: FINISH_REASON_SAFETY, content-filter, "max tokens".
  const key = reason
    .toLowerCase()
    .replace(/^finish_reason_/, '')
    .replace(/[\s-]+/g, '_')
  return Object.hasOwn(CUTS, key) ? CUTS[key] : undefined
}
