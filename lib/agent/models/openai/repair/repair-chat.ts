import type { ChatCompletionChunk } from 'openai/resources/chat'
import { ModelFault } from '#lib/agent/models/openai/failures/turn-failure.ts'
import { type AnswerRepair, readCut, type SentCall } from '#lib/agent/models/openai/repair/answer-repair.ts'
import { isObject, isObjectText } from '#lib/agent/models/openai/repair/call-arguments.ts'
import { CALL_GROWS } from '#lib/agent/models/openai/repair/call-grows.ts'
import { ChatCalls } from '#lib/agent/models/openai/repair/chat-calls.ts'
import { OF_THE_MESSAGE } from '#lib/agent/models/openai/repair/echo.ts'
import { type Piece, ThoughtSplitter } from '#lib/agent/models/openai/repair/thought-splitter.ts'
import { toTokenCount } from '#lib/agent/models/openai/repair/token-count.ts'

type Fields = Record<string, unknown>

/** What a repaired chunk adds. `retracted` means that all text so far was a thought. */
type Delta = {
  content?: string
  reasoning_content?: string
  refusal?: string
  retracted?: true
  annotations?: unknown
  audio?: unknown
}

/**
 * The finish reason that we put in for a server that ended its answer with `[DONE]` and gave none.
 * The answer counts as whole if its calls are.
 */
export const UNSTATED = 'unstated'

const COUNTS = ['prompt_tokens', 'completion_tokens', 'total_tokens']

/**
 * Converts the chunks of a Chat Completions stream to what OpenAI would send: one choice, text
 * apart from thoughts, whole calls at the end. Throws a ModelFault if the stream ends without a
 * finish reason or is cut off with nothing said; everything before that is yielded first.
 */
export async function* repairChat(
  chunks: AsyncIterable<unknown>,
  answer: AnswerRepair,
): AsyncGenerator<ChatCompletionChunk> {
  const splitter = new ThoughtSplitter()
  const calls = new ChatCalls()
  let head: Fields = {}
  let finish: string | undefined
  /** Something other than text was said. */
  let said = false
  const chunk = (delta: object, finish_reason: string | null = null) =>
    ({ ...head, choices: [{ index: 0, delta, finish_reason }] }) as unknown as ChatCompletionChunk
  const toChunks = (pieces: Piece[]) => pieces.map((piece) => chunk(toDelta(piece)))
  try {
    for await (const raw of chunks) {
      if (!isObject(raw)) continue
      const { choices, usage, ...rest } = raw
      head = { object: 'chat.completion.chunk', ...head, ...rest }
      // Some servers send their token counts in the middle, and zeros at the end.
      if (isObject(usage) && COUNTS.some((key) => toTokenCount(usage[key]) > 0))
        yield { ...head, choices: [], usage: soundUsage(usage) } as unknown as ChatCompletionChunk
      const choice = Array.isArray(choices) ? choices.find((one) => isObject(one) && !one.index) : undefined
      if (!isObject(choice)) continue
      // A server that does not stream sends the whole message at once.
      const delta = isObject(choice.delta) ? choice.delta : isObject(choice.message) ? choice.message : {}
      noteMessage(answer, delta)
      for (const thought of thoughtsOf(delta)) yield chunk({ reasoning_content: thought })
      for (const part of partsOf(delta.content)) {
        if (part.kind === 'thought') yield chunk({ reasoning_content: part.text })
        else yield* toChunks(splitter.push(part.text))
      }
      if (typeof delta.refusal === 'string' && delta.refusal !== '') {
        said = true
        yield chunk({ refusal: delta.refusal })
      }
      if (delta.annotations || delta.audio) {
        said ||= Boolean(delta.audio)
        yield chunk({ annotations: delta.annotations, audio: delta.audio })
      }
      const asked =
        delta.tool_calls ?? (isObject(delta.function_call) ? [{ function: delta.function_call }] : undefined)
      calls.take(asked)
      if (asked) yield chunk({ [CALL_GROWS]: Buffer.byteLength(JSON.stringify(asked)) })
      if (typeof choice.finish_reason === 'string' && choice.finish_reason !== '')
        finish = choice.finish_reason === UNSTATED ? (finish ?? UNSTATED) : choice.finish_reason
    }
  } catch (error) {
    yield* toChunks(splitter.end())
    throw error
  }
  yield* toChunks(splitter.end())
  answer.visible = splitter.visible
  if (finish === undefined) throw new ModelFault('model_cut', 'the stream ended without a finish reason')
  answer.cut = readCut(finish)
  if (answer.cut && !said && splitter.visible.trim() === '')
    throw new ModelFault(
      answer.cut === 'filter' ? 'model_filtered' : 'model_cut',
      `the model gave no answer: ${finish}`,
    )
  const sent = answer.cut ? [] : calls.end()
  if (finish === UNSTATED && !sent.every(hasWholeArguments))
    throw new ModelFault('model_cut', 'the stream ended without a finish reason, within a call')
  const whole = sent.map((call) => answer.admit(call))
  if (whole.length > 0)
    yield chunk({
      tool_calls: whole.map(({ callId, name, arguments: args }, index) => ({
        index,
        id: callId,
        type: 'function',
        function: { name, arguments: args },
      })),
    })
  yield chunk({}, whole.length > 0 ? 'tool_calls' : 'stop')
}

/** True if the arguments are complete. An empty text may be a call that was cut off. */
function hasWholeArguments({ arguments: args }: SentCall): boolean {
  return typeof args === 'string' ? isObjectText(args) : isObject(args)
}

function toDelta(piece: Piece): Delta {
  if (piece.kind === 'retract') return { retracted: true }
  return piece.kind === 'thought' ? { reasoning_content: piece.text } : { content: piece.text }
}

/** Thoughts in a field of their own, which has many names. */
function thoughtsOf({ reasoning_content, reasoning, thinking, reasoning_details }: Fields): string[] {
  const own = [reasoning_content, reasoning, thinking].find((text) => typeof text === 'string' && text !== '')
  if (own !== undefined) return [own as string]
  const details = Array.isArray(reasoning_details) ? reasoning_details : []
  return details.flatMap((detail) => {
    const text = isObject(detail) ? (detail.text ?? detail.summary) : undefined
    return typeof text === 'string' && text !== '' ? [text] : []
  })
}

/**
 * The content as parts. It is one text, or a list as Mistral's reasoning models and some proxies
 * send it.
 */
function partsOf(content: unknown): { kind: 'text' | 'thought'; text: string }[] {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }]
  if (isObject(content)) return partsOf([content])
  if (!Array.isArray(content)) return []
  return content.flatMap((part) => {
    if (typeof part === 'string') return partsOf(part)
    if (!isObject(part)) return []
    const { type, text, thinking, reasoning } = part
    if (type === 'thinking' || type === 'reasoning')
      return partsOf(thinking ?? reasoning ?? text).map((inner) => ({ ...inner, kind: 'thought' as const }))
    return typeof text === 'string' ? partsOf(text) : []
  })
}

/** Keeps what the provider wants back, joined from its pieces. */
function noteMessage({ message }: AnswerRepair, delta: Fields): void {
  for (const key of OF_THE_MESSAGE) {
    const value = delta[key]
    const before = message[key]
    if (value === undefined || value === null || value === '') continue
    if (typeof value === 'string') message[key] = `${typeof before === 'string' ? before : ''}${value}`
    else if (Array.isArray(value)) message[key] = value.reduce(addDetail, Array.isArray(before) ? before : [])
    else if (isObject(value)) message[key] = { ...(isObject(before) ? before : {}), ...value }
  }
}

/**
 * Appends a detail, or joins it with the last one if it continues that: OpenRouter streams their
 * texts in pieces.
 */
function addDetail(details: Fields[], detail: Fields): Fields[] {
  const last = details.at(-1)
  const goesOn =
    last && isObject(detail) && detail.index !== undefined && last.index === detail.index && last.type === detail.type
  if (!goesOn) return [...details, detail]
  const joined = { ...last, ...detail }
  for (const key of ['text', 'summary', 'data'])
    if (typeof last[key] === 'string' && typeof detail[key] === 'string') joined[key] = last[key] + detail[key]
  for (const key of ['signature', 'id', 'format']) joined[key] = detail[key] ?? last[key]
  return [
    ...details.slice(0, -1),
    Object.fromEntries(Object.entries(joined).filter(([, value]) => value !== undefined)),
  ]
}

function soundUsage(usage: Fields): Fields {
  const details = (value: unknown) =>
    isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([key, count]) => [key, toTokenCount(count)]))
      : undefined
  return {
    ...Object.fromEntries(COUNTS.map((key) => [key, toTokenCount(usage[key])])),
    prompt_tokens_details: details(usage.prompt_tokens_details),
    completion_tokens_details: details(usage.completion_tokens_details),
  }
}
