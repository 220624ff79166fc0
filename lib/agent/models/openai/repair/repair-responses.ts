import { ModelFault } from '#lib/agent/models/openai/failures/turn-failure.ts'
import { type AnswerRepair, type Cut, readCut } from '#lib/agent/models/openai/repair/answer-repair.ts'
import { isObject } from '#lib/agent/models/openai/repair/call-arguments.ts'
import { CALL_GROWS } from '#lib/agent/models/openai/repair/call-grows.ts'
import { ResponseCalls } from '#lib/agent/models/openai/repair/response-calls.ts'
import { ResponseMessages } from '#lib/agent/models/openai/repair/response-messages.ts'
import { toTokenCount } from '#lib/agent/models/openai/repair/token-count.ts'

type Fields = Record<string, unknown>

const ENDS = new Set(['response.completed', 'response.incomplete', 'response.done'])

/**
 * Converts the events of a Responses stream to what OpenAI would send: text apart from thoughts,
 * and a last event that has all that was streamed, with whole calls. An answer that was cut off
 * ends like any other, and `answer.cut` says why. Throws a ModelFault if the stream lacks its last
 * event or is cut off with nothing said; everything before that is yielded first. Failures that the
 * server reports pass as they are.
 */
export async function* repairResponses(events: AsyncIterable<unknown>, answer: AnswerRepair): AsyncGenerator<Fields> {
  const messages = new ResponseMessages()
  const calls = new ResponseCalls()
  const others: Fields[] = []
  let ended = false
  try {
    for await (const event of events) {
      if (!isObject(event)) continue
      const { type, item } = event
      if (messages.takes(event)) yield* messages.take(event)
      else if (typeof type === 'string' && ENDS.has(type)) {
        ended = true
        const listed = outputOf(event)
        yield* messages.end(listed.filter((one) => one.type === 'message'))
        yield toCompleted(event, listed, { messages, calls, others }, answer)
        break
      } else {
        if (calls.take(event)) {
          if (typeof event.delta === 'string') yield { type: CALL_GROWS, bytes: Buffer.byteLength(event.delta) }
          continue
        }
        if (type === 'response.output_item.done' && isObject(item)) others.push(item)
        yield isObject(item) && item.type === 'reasoning' ? { ...event, item: withSummary(item) } : event
      }
    }
  } catch (error) {
    yield* messages.flush()
    throw error
  }
  if (ended) return
  yield* messages.flush()
  throw new ModelFault('model_cut', 'the stream ended without a completed response')
}

type Streamed = { messages: ResponseMessages; calls: ResponseCalls; others: Fields[] }

/** The last event with the whole answer, whatever the server put into it. */
function toCompleted(
  { type, response: given, ...event }: Fields,
  listed: Fields[],
  streamed: Streamed,
  answer: AnswerRepair,
): Fields {
  const response = isObject(given) ? given : {}
  const others = listed.filter(({ type }) => type !== 'message' && type !== 'function_call')
  const messages = streamed.messages.items
  const sent = streamed.calls.settle(listed.filter(({ type }) => type === 'function_call'))
  answer.cut = cutOf(String(type), response)
  const said = messages.some(({ content }) => Array.isArray(content) && content.some(isSaid))
  if (answer.cut && !said)
    throw new ModelFault(
      answer.cut === 'filter' ? 'model_filtered' : 'model_cut',
      `the model gave no answer: ${answer.cut}`,
    )
  const calls = answer.cut ? [] : sent
  const sound = calls.map(({ item, ...call }) => {
    const { callId, name, arguments: args } = answer.admit(call)
    return {
      ...pick(item, ['id', 'status', 'namespace', 'caller']),
      type: 'function_call',
      call_id: callId,
      name,
      arguments: args,
    }
  })
  const beside = (others.length > 0 ? others : streamed.others).filter(isTakenBack).map(withSummary)
  const output = [...beside, ...messages, ...sound]
  return {
    ...event,
    type: 'response.completed',
    response: { ...response, id: response.id ?? '', status: 'completed', output, usage: soundUsage(response.usage) },
  }
}

/** False for a thought whose id is not one of OpenAI's: no server accepts it back. */
function isTakenBack({ type, id }: Fields): boolean {
  return type !== 'reasoning' || (typeof id === 'string' && id.startsWith('rs'))
}

function withSummary(item: Fields): Fields {
  return item.type === 'reasoning' && !Array.isArray(item.summary) ? { ...item, summary: [] } : item
}

function outputOf({ response }: Fields): Fields[] {
  return isObject(response) && Array.isArray(response.output) ? response.output.filter(isObject) : []
}

function cutOf(type: string, { status, incomplete_details: details }: Fields): Cut | undefined {
  if (type !== 'response.incomplete' && status !== 'incomplete') return undefined
  const reason = isObject(details) ? String(details.reason ?? '') : ''
  return readCut(reason) ?? 'error'
}

function isSaid(part: unknown): boolean {
  if (!isObject(part)) return false
  const text = part.text ?? part.refusal
  return typeof text === 'string' && text.trim() !== ''
}

function pick(fields: Fields, keys: string[]): Fields {
  return Object.fromEntries(
    keys.filter((key) => fields[key] !== undefined && fields[key] !== null).map((key) => [key, fields[key]]),
  )
}

function soundUsage(given: unknown): Fields {
  const usage = isObject(given) ? given : {}
  const details = (value: unknown) => (isObject(value) ? value : {})
  return {
    input_tokens: toTokenCount(usage.input_tokens),
    output_tokens: toTokenCount(usage.output_tokens),
    total_tokens: toTokenCount(usage.total_tokens),
    input_tokens_details: { cached_tokens: toTokenCount(details(usage.input_tokens_details).cached_tokens) },
    output_tokens_details: { reasoning_tokens: toTokenCount(details(usage.output_tokens_details).reasoning_tokens) },
  }
}
