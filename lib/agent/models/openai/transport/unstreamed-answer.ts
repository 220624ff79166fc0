import {
  isFailure,
  isFailureBody,
  ModelServerError,
  toServerError,
} from '#lib/agent/models/openai/failures/server-error.ts'
import { isObject } from '#lib/agent/models/openai/repair/call-arguments.ts'

type Fields = Record<string, unknown>
const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isObject) : [])

/**
 * Converts the whole answer of a server that does not stream to the data of stream events, in both
 * APIs. Throws a ModelServerError for an error with status 200, and for what is not an answer.
 */
export function toFrames(text: string, answered: { status: number; headers: Headers }): string[] {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw toGarbled(text, answered)
  }
  if (Array.isArray(body) && isObject(body[0]) && body[0].error) throw toServerError(body, answered)
  if (!isObject(body)) throw toGarbled(text, answered)
  if (body.type === 'error' || isFailure(body) || isFailureBody(body)) throw toServerError(body, answered)
  if (Array.isArray(body.choices)) return chatFrames(body).map((frame) => JSON.stringify(frame))
  if (Array.isArray(body.output)) return responsesFrames(body).map((frame) => JSON.stringify(frame))
  throw toGarbled(text, answered)
}

/** The error for a body that is not the API's answer, such as a page or another format. */
export function toGarbled(text: string, { status, headers }: { status: number; headers: Headers }): ModelServerError {
  const { detail } = toServerError(
    { message: `${headers.get('content-type') ?? 'no content type'}: ${text.slice(0, 1_000)}` },
    { status, headers },
  )
  return new ModelServerError('model_garbled', detail)
}

function chatFrames(body: Fields): unknown[] {
  const { choices, usage, object: _, ...rest } = body
  const head = { ...rest, object: 'chat.completion.chunk' }
  const [choice] = listOf(choices)
  if (!choice) return [{ ...head, choices: [], usage }]
  const message = isObject(choice.message)
    ? choice.message
    : isObject(choice.delta)
      ? choice.delta
      : { role: 'assistant', content: choice.text }
  const calls = listOf(message.tool_calls).map((call, index) => ({ index, ...call }))
  const delta = { ...message, ...(calls.length > 0 && { tool_calls: calls }) }
  const finish = choice.finish_reason ?? (calls.length > 0 ? 'tool_calls' : 'stop')
  return [
    { ...head, choices: [{ index: 0, delta, finish_reason: null }] },
    { ...head, choices: [{ index: 0, delta: {}, finish_reason: finish }] },
    ...(usage ? [{ ...head, choices: [], usage }] : []),
  ]
}

function responsesFrames({ output, ...rest }: Fields): unknown[] {
  // Some servers leave out the status, because every item of a whole answer is completed.
  const response: Fields = {
    ...rest,
    output: listOf(output).map((item) => (item.type === 'message' ? { status: 'completed', ...item } : item)),
  }
  const type = response.status === 'incomplete' ? 'response.incomplete' : 'response.completed'
  return [
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
    ...listOf(response.output).flatMap(itemFrames),
    { type, response },
  ].map((frame, sequence_number) => ({ ...frame, sequence_number }))
}

function itemFrames(item: Fields, output_index: number): Fields[] {
  const at = { item_id: item.id, output_index }
  const texts: Fields[] = []
  if (item.type === 'message')
    for (const [content_index, part] of listOf(item.content).entries()) {
      if (typeof part.text === 'string')
        texts.push({ type: 'response.output_text.delta', ...at, content_index, delta: part.text })
      if (typeof part.refusal === 'string')
        texts.push({ type: 'response.refusal.delta', ...at, content_index, delta: part.refusal })
    }
  if (item.type === 'reasoning')
    for (const [summary_index, { text }] of listOf(item.summary).entries()) {
      texts.push({ type: 'response.reasoning_summary_text.delta', ...at, summary_index, delta: text })
      texts.push({ type: 'response.reasoning_summary_text.done', ...at, summary_index, text })
    }
  const begun = { ...item, ...('content' in item && { content: [] }), ...('summary' in item && { summary: [] }) }
  return [
    { type: 'response.output_item.added', output_index, item: begun },
    ...texts,
    { type: 'response.output_item.done', output_index, item },
  ]
}
