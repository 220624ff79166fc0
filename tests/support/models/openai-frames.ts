import type { Step } from '#tests/support/models/openai-server.ts'

export type Api = 'responses' | 'chat'

const pieces = (text: string | string[]) => (Array.isArray(text) ? text : (text.match(/\S+\s*/g) ?? [text]))
const whole = (text: string | string[]) => (Array.isArray(text) ? text.join('') : text)
const piecesOfCall = (value: unknown, size = Number.POSITIVE_INFINITY) => {
  const text = argumentsOf(value)
  const count = Math.max(1, Math.ceil(text.length / size))
  return Array.from({ length: count }, (_, at) => (count === 1 ? text : text.slice(at * size, (at + 1) * size)))
}
const argumentsOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

/** The data of each server-sent event of a scripted answer. `number` makes its ids unique. */
export function framesOf(api: Api, step: Step, number: number): string[] {
  if (step.frames) return [...step.frames.map((frame) => JSON.stringify(frame)), ...(api === 'chat' ? ['[DONE]'] : [])]
  return api === 'responses' ? responsesFrames(step, number) : chatFrames(step, number)
}

const STANDARD = new Set([
  'role',
  'content',
  'refusal',
  'tool_calls',
  'index',
  'id',
  'type',
  'function',
  'name',
  'arguments',
  'status',
  'call_id',
])

type Call = { function?: object }
type Frame = { choices?: { delta?: { tool_calls?: unknown } }[] | null; item?: { type?: string } }

/**
 * The non-standard fields in an answer's calls and messages. A server accepts the fields that it
 * sent.
 */
export function echoedFields(api: Api, frames: string[]): string[] {
  const values: Frame[] = frames.filter((frame) => frame.startsWith('{')).map((frame) => JSON.parse(frame))
  const calls = (list: unknown) =>
    Array.isArray(list) ? list.flatMap((call: Call) => [call, call.function ?? {}]) : []
  const holders =
    api === 'chat'
      ? values.flatMap(({ choices }) =>
          (choices ?? []).flatMap(({ delta = {} }) => [delta, ...calls(delta.tool_calls)]),
        )
      : values.flatMap(({ item }) => (item?.type === 'function_call' ? item : []))
  return holders.flatMap((holder) => Object.keys(holder)).filter((key) => !STANDARD.has(key))
}

function chatFrames(step: Step, number: number): string[] {
  const head = { id: `chatcmpl-${number}`, object: 'chat.completion.chunk', created: 1, model: 'scripted' }
  const frames: unknown[] = []
  const delta = (delta: object, finish: string | null = null) =>
    frames.push({ ...head, choices: [{ index: 0, delta, finish_reason: finish, logprobs: null }] })
  delta({ role: 'assistant', content: '' })
  if (step.reasoning) for (const piece of pieces(step.reasoning)) delta({ reasoning: piece })
  if (step.text) for (const piece of pieces(step.text)) delta({ content: piece })
  if (step.refusal) delta({ refusal: step.refusal })
  step.calls?.forEach((call, index) => {
    delta({
      tool_calls: [
        {
          index,
          id: call.id ?? `call_${number}_${index}`,
          type: 'function',
          function: { name: call.name, arguments: '' },
        },
      ],
    })
    for (const piece of piecesOfCall(call.arguments, step.callPiece))
      delta({ tool_calls: [{ index, function: { arguments: piece } }] })
  })
  delta({}, step.calls ? 'tool_calls' : 'stop')
  const { input, output } = step.usage ?? { input: 11, output: 7 }
  frames.push({
    ...head,
    choices: [],
    usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
  })
  return [...frames.map((frame) => JSON.stringify(frame)), '[DONE]']
}

function responsesFrames(step: Step, number: number): string[] {
  const frames: Record<string, unknown>[] = []
  const output: Record<string, unknown>[] = []
  const { input, output: outputTokens } = step.usage ?? { input: 11, output: 7 }
  const response = {
    id: `resp_${number}`,
    object: 'response',
    created_at: 1,
    model: 'scripted',
    error: null,
    tools: [],
    metadata: {},
  }
  const item = (kind: 'added' | 'done', value: object, index = output.length) =>
    frames.push({ type: `response.output_item.${kind}`, output_index: index, item: value })
  frames.push({ type: 'response.created', response: { ...response, status: 'in_progress', output: [] } })

  if (step.reasoning) {
    const id = `rs_${number}`
    item('added', { id, type: 'reasoning', summary: [] })
    for (const piece of pieces(step.reasoning))
      frames.push({
        type: 'response.reasoning_summary_text.delta',
        item_id: id,
        output_index: 0,
        summary_index: 0,
        delta: piece,
      })
    frames.push({
      type: 'response.reasoning_summary_text.done',
      item_id: id,
      output_index: 0,
      summary_index: 0,
      text: whole(step.reasoning),
    })
    const done = { id, type: 'reasoning', summary: [{ type: 'summary_text', text: whole(step.reasoning) }] }
    item('done', done)
    output.push(done)
  }
  if (step.text !== undefined || step.refusal !== undefined) {
    const id = `msg_${number}`
    const at = { item_id: id, output_index: output.length, content_index: 0 }
    const message = (status: string, content: object[]) => ({ id, type: 'message', role: 'assistant', status, content })
    item('added', message('in_progress', []))
    let content: object
    if (step.text === undefined) {
      content = { type: 'refusal', refusal: step.refusal }
      frames.push({ type: 'response.content_part.added', ...at, part: { type: 'refusal', refusal: '' } })
      frames.push({ type: 'response.refusal.delta', ...at, delta: step.refusal })
      frames.push({ type: 'response.refusal.done', ...at, refusal: step.refusal })
    } else {
      content = { type: 'output_text', text: whole(step.text), annotations: [], logprobs: [] }
      frames.push({
        type: 'response.content_part.added',
        ...at,
        part: { type: 'output_text', text: '', annotations: [] },
      })
      for (const piece of pieces(step.text))
        frames.push({ type: 'response.output_text.delta', ...at, delta: piece, logprobs: [] })
      frames.push({ type: 'response.output_text.done', ...at, text: whole(step.text), logprobs: [] })
    }
    frames.push({ type: 'response.content_part.done', ...at, part: content })
    item('done', message('completed', [content]))
    output.push(message('completed', [content]))
  }
  step.calls?.forEach((call, index) => {
    const done = {
      id: `fc_${number}_${index}`,
      type: 'function_call',
      call_id: call.id ?? `call_${number}_${index}`,
      name: call.name,
      arguments: argumentsOf(call.arguments),
      status: 'completed',
    }
    item('added', { ...done, arguments: '', status: 'in_progress' })
    for (const delta of piecesOfCall(call.arguments, step.callPiece))
      frames.push({
        type: 'response.function_call_arguments.delta',
        item_id: done.id,
        output_index: output.length,
        delta,
      })
    frames.push({
      type: 'response.function_call_arguments.done',
      item_id: done.id,
      output_index: output.length,
      arguments: done.arguments,
    })
    item('done', done)
    output.push(done)
  })
  const usage = {
    input_tokens: input,
    output_tokens: outputTokens,
    total_tokens: input + outputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  }
  frames.push({ type: 'response.completed', response: { ...response, status: 'completed', output, usage } })
  return frames.map((frame, sequence_number) => JSON.stringify({ ...frame, sequence_number }))
}
